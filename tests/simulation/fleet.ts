import { createWorker, type Worker } from "queuert";
import type { NotifyAdapter, StateAdapter } from "queuert/adapter";
import { createClientIn, type MemoryTransaction } from "queuert/testing";
import { createFaultyNotifyAdapter } from "./faulty-notify-adapter.ts";
import { createFaultyStateAdapter } from "./faulty-state-adapter.ts";
import { createHandlers } from "./handlers.ts";
import { defineJobTypesOf } from "./job-plans.ts";
import { SimulatedProcess } from "./simulated-process.ts";
import { createEventCheck, type AnyClient, type Node, type World } from "./world.ts";

/** What all processes share. */
export interface Servers {
  readonly state: StateAdapter<MemoryTransaction>;
  readonly notify: NotifyAdapter;
}

/** Starts a process with a client. Its calls fail as the world's faults will. */
export async function startNode(world: World, servers: Servers, name: string): Promise<Node> {
  const { simulator, faults, random } = world;
  const process = new SimulatedProcess(
    simulator,
    name,
    random.fork(),
    random.between(-5_000, 5_000),
  );
  const state = createFaultyStateAdapter(simulator, faults, process, servers.state);
  const options = {
    jobTypes: defineJobTypesOf(world.plans),
    state,
    notify: createFaultyNotifyAdapter(simulator, faults, process, servers.notify),
    events: [createEventCheck(world, process)],
  };
  // A process whose database is away at its start tries again, as a supervisor would have it.
  for (;;) {
    try {
      const client = (await createClientIn(
        { clock: process.clock, chance: process.random },
        options,
      )) as unknown as AnyClient;
      return { process, client, state };
    } catch {
      await simulator.wait(500, process);
    }
  }
}

/** How the workers of one place in the fleet are set up; its processes come and go. */
interface Berth {
  readonly name: string;
  readonly types: readonly string[];
  readonly options: {
    readonly concurrency: number;
    readonly leaseMs: number;
    readonly pollIntervalMs: number;
    readonly prefetchMs: number;
    readonly stopTimeoutMs: number;
  };
  process: SimulatedProcess | undefined;
  worker: Worker | undefined;
  startCount: number;
}

/** Worker processes and whoever keeps them running: one that dies, by whatever cause, is replaced a while later. */
export class Fleet {
  readonly #world: World;
  readonly #servers: Servers;
  readonly #berths: readonly Berth[];

  constructor(world: World, servers: Servers) {
    this.#world = world;
    this.#servers = servers;
    const { random, plans } = world;
    const types = plans.map(({ type }) => type);
    this.#berths = Array.from({ length: random.between(1, 3) }, (_, index) => ({
      name: `worker-${index}`,
      // The first can do everything, so that nothing waits for a handler that does not exist.
      types: index === 0 || random.isTrue(0.5) ? types : [random.pick(types)],
      options: {
        concurrency: random.pick([1, 2, 5, 10]),
        leaseMs: random.pick([1_000, 3_000, 6_000]),
        pollIntervalMs: random.pick([300, 1_000, 2_500]),
        prefetchMs: random.pick([0, 50, 2_000]),
        stopTimeoutMs: random.pick([0, 500, 5_000]),
      },
      process: undefined,
      worker: undefined,
      startCount: 0,
    }));
  }

  /** Starts whatever does not run, and sees to it that it stays so. */
  start(): void {
    for (const berth of this.#berths) void this.#startBerth(berth);
  }

  /** Ends pauses; what is dead has a successor on its way. */
  calm(): void {
    for (const { process } of this.#berths) process?.resume();
  }

  /** Does some mischief to one process, or to the database. */
  makeMischief(): void {
    const { random, faults, simulator, trace } = this.#world;
    const { name, process, worker } = random.pick(this.#berths);
    const mischief = random.weighted({
      crash: 4,
      pause: 4,
      outage: 3,
      outageForAll: 1,
      jump: 2,
      stop: 2,
    });
    trace(`mischief: ${mischief} for ${name}`);
    faults.count(`mischief: ${mischief}`);
    switch (mischief) {
      case "crash":
        return process?.crash();
      case "pause":
        process?.pause();
        simulator.schedule(random.pick([100, 2_000, 10_000]), () => process?.resume());
        return;
      case "outage":
        if (process !== undefined) faults.beginOutage(process, random.pick([100, 2_000, 10_000]));
        return;
      case "outageForAll":
        return faults.beginOutage(undefined, random.pick([100, 2_000, 10_000]));
      case "jump":
        return process?.jumpClock(random.pick([-3_600_000, -1_000, 1_000, 3_600_000]));
      case "stop":
        // A deployment: the worker says goodbye, then its process ends.
        void worker?.stop().then(
          () => process?.crash(),
          (error: unknown) => this.#world.checker.fail(error),
        );
    }
  }

  async #startBerth(berth: Berth): Promise<void> {
    const world = this.#world;
    berth.startCount++;
    const node = await startNode(world, this.#servers, `${berth.name}.${berth.startCount}`);
    berth.process = node.process;
    node.process.onDeath(() => {
      world.trace(`${node.process.name} dies`);
      world.simulator.schedule(world.random.between(10, 2_000), () => void this.#startBerth(berth));
    });
    const handlers = createHandlers(world, node);
    const chosen = Object.fromEntries(berth.types.map((type) => [type, handlers[type]]));
    const worker = createWorker(node.client, {
      ...berth.options,
      handlers: chosen as never,
      name: node.process.name,
    });
    try {
      await worker.start();
      berth.worker = worker;
    } catch {
      // The database was away: a process that cannot start its worker ends.
      node.process.crash();
    }
  }
}
