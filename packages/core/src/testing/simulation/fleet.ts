import { StoreUnavailableError } from "../../errors/store-errors.ts";
import { createMemoryNotifyAdapter } from "../../memory/create-memory-notify-adapter.ts";
import type { NotifyAdapter } from "../../ports/notify-adapter.ts";
import { createWorker } from "../../worker/create-worker.ts";
import type { Worker } from "../../worker/worker-api.ts";
import { createClientIn } from "../create-client-in.ts";
import type { Faults } from "./faults.ts";
import { createFaultyNotifyAdapter } from "./faulty-notify-adapter.ts";
import { createFaultyStateAdapter } from "./faulty-state-adapter.ts";
import type { Random } from "./random.ts";
import { VirtualProcess } from "./virtual-process.ts";
import type {
  AnyClient,
  SimulatedBerth,
  SimulatedNode,
  SimulatedSystem,
  SimulatedWorld,
} from "./simulated-system.ts";
import type { Simulator } from "./simulator.ts";

/** The name of the failure of a process that cannot be set up, for what it is made of. */
export const startInvariant = "every process starts";

/** How long a process may live on after its worker has stopped: by then every call that was under way has its answer, or never gets one. */
const farewellMs = 60_000;
/** How many outcomes an exchange may have: few, for what gathers beside it, and as many as elsewhere. */
const exchangeSizes: readonly number[] = [1, 3, 10, 250];

/** A place for one process after another. `berth`: of a worker; otherwise of users. */
interface Place {
  readonly name: string;
  readonly berth: SimulatedBerth | undefined;
  process: VirtualProcess | undefined;
  node: SimulatedNode | undefined;
  worker: Worker | undefined;
  startCount: number;
  /** Forgets to replace the process when it dies. */
  unwatch: () => void;
}

/** The processes of a system and whoever keeps them running: one that dies, by whatever cause, is replaced a while later. */
export class Fleet {
  readonly #world: SimulatedWorld;
  readonly #simulator: Simulator;
  readonly #faults: Faults;
  readonly #system: SimulatedSystem;
  readonly #setDatabaseClock: (byMs: number) => void;
  readonly #random: Random;
  readonly #notify: NotifyAdapter = createMemoryNotifyAdapter();
  readonly #users: Place;
  readonly #places: readonly Place[];

  constructor(
    run: {
      readonly world: SimulatedWorld;
      readonly simulator: Simulator;
      readonly faults: Faults;
    },
    system: SimulatedSystem,
    setDatabaseClock: (byMs: number) => void,
  ) {
    const { world, simulator, faults } = run;
    this.#world = world;
    this.#simulator = simulator;
    this.#faults = faults;
    this.#system = system;
    this.#setDatabaseClock = setDatabaseClock;
    this.#random = world.random.fork("fleet");
    this.#users = createPlace("user", undefined);
    this.#places = [...system.berths.map((berth) => createPlace(berth.name, berth)), this.#users];
  }

  /** Starts whatever does not run, and sees to it that it stays so. */
  start(): void {
    for (const place of this.#places) this.#startProcess(place);
  }

  /** The process of users, while one runs and has its client. */
  get user(): SimulatedNode | undefined {
    const { node } = this.#users;
    return node?.process.state === "running" ? node : undefined;
  }

  /** Ends pauses; what is dead has a successor on its way. */
  calm(): void {
    for (const { process } of this.#places) process?.resume();
  }

  /** Kills every process at once. */
  crash(): void {
    for (const { process } of this.#places) process?.crash();
  }

  /** Harms one process, or the database. */
  makeMischief(): void {
    const random = this.#random;
    const [simulator, faults] = [this.#simulator, this.#faults];
    const place = random.pick(this.#places);
    const { name, process } = place;
    const mischief = faults.drawMischief(random, name);
    const durationMs = random.pick([100, 2_000, 10_000]);
    switch (mischief) {
      case undefined:
        return;
      case "kill":
        return process?.crash();
      case "pause":
        process?.pause();
        simulator.schedule(durationMs, () => process?.resume());
        return;
      case "outage":
        if (process !== undefined) faults.beginOutage(process, durationMs);
        return;
      case "outageForAll":
        return faults.beginOutage(undefined, durationMs);
      case "clockJump":
        return process?.jumpClock(random.pick([-3_600_000, -1_000, 1_000, 3_600_000]));
      case "databaseClockJump":
        return this.#setDatabaseClock(random.pick([-2_000, 2_000, 60_000, 3_600_000]));
      case "stop":
        void this.#deploy(place).catch((error: unknown) =>
          this.#world.fail("every worker stops", error),
        );
    }
  }

  /** The worker says goodbye, and another process takes its place; nothing of the engine may keep the old one alive. */
  async #deploy(place: Place): Promise<void> {
    const { process, worker } = place;
    if (process === undefined || worker === undefined) return;
    place.worker = undefined;
    await worker.stop();
    place.unwatch();
    this.#startLater(place);
    await this.#simulator.wait(farewellMs, process);
    if (process.clock.timerCount > 0)
      throw new Error(`${process.name} stopped its worker and is kept alive by a timer.`);
    process.crash();
  }

  #startProcess(place: Place): void {
    place.startCount++;
    const name = `${place.name}.${place.startCount}`;
    const random = this.#random.fork(name);
    const simulator = this.#simulator;
    const process = new VirtualProcess(simulator, name, random, random.between(-5_000, 5_000));
    place.process = process;
    place.node = undefined;
    place.worker = undefined;
    place.unwatch = process.onDeath(() => {
      this.#world.trace(`${name} dies`);
      this.#startLater(place);
    });
    void this.#equipProcess(place, process).catch((error: unknown) =>
      this.#world.fail(startInvariant, error),
    );
  }

  #startLater(place: Place): void {
    const delayMs = this.#random.between(10, 2_000);
    this.#simulator.schedule(delayMs, () => this.#startProcess(place));
  }

  async #equipProcess(place: Place, process: VirtualProcess): Promise<void> {
    const node = await this.#createNode(process);
    place.node = node;
    if (place.berth !== undefined) await this.#startWorker(place, place.berth, node);
  }

  async #createNode(process: VirtualProcess): Promise<SimulatedNode> {
    const [simulator, faults] = [this.#simulator, this.#faults];
    const system = this.#system;
    const state = createFaultyStateAdapter(simulator, faults, process, system.state);
    const options = {
      jobTypes: system.jobTypes,
      state,
      notify: createFaultyNotifyAdapter(simulator, faults, process, this.#notify),
      middleware: system.middleware ?? [],
      events: [
        // What a process says while it dies is heard by nobody.
        (events: Parameters<SimulatedSystem["takeEvents"]>[0]) => {
          if (process.state !== "dead") system.takeEvents(events, process);
        },
      ],
    };
    const exchangeSizeMax = process.random.fork("exchange").pick(exchangeSizes);
    // A process whose database is away at its start tries again, as a supervisor would have it.
    for (;;) {
      try {
        const client = (await createClientIn(
          { clock: process.clock, chance: process.random, exchangeSizeMax },
          options as never,
        )) as unknown as AnyClient;
        return { process, client, state };
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
        await simulator.wait(500, process);
      }
    }
  }

  async #startWorker(place: Place, berth: SimulatedBerth, node: SimulatedNode): Promise<void> {
    const { handlers, name: _name, ...options } = berth;
    const worker = createWorker(node.client, {
      ...options,
      handlers: handlers(node) as never,
      name: node.process.name,
    });
    try {
      await worker.start();
      place.worker = worker;
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      // A process that cannot start its worker ends.
      node.process.crash();
    }
  }
}

function createPlace(name: string, berth: SimulatedBerth | undefined): Place {
  return {
    name,
    berth,
    process: undefined,
    node: undefined,
    worker: undefined,
    startCount: 0,
    unwatch: () => {},
  };
}
