import type { RetentionOptions, RetentionRule } from "queuert";
import type { StateAdapter } from "queuert/adapter";
import {
  runSimulatedSystem,
  type MemoryTransaction,
  type Random,
  type SimulatedBerth,
  type SimulatedRun,
  type SimulatedSystem,
  type SimulatedWorld,
  type SimulationPlan,
} from "queuert/testing";
import { Checker } from "./checker.ts";
import { createHandlers } from "./handlers.ts";
import { defineJobTypesOf, drawJobPlans } from "./job-plans.ts";
import { Model } from "./model.ts";
import { createRecordingStateAdapter } from "./recording-state-adapter.ts";
import { actAsUser } from "./user-actions.ts";
import { Violation } from "./violation.ts";
import type { World } from "./world.ts";

/** A run, and what it went through. */
export interface SimulationResult extends SimulatedRun {
  readonly chainCount: number;
  readonly executionCount: number;
}

/** Makes a database that breaks a promise. */
export type BreakAdapter = (
  inner: StateAdapter<MemoryTransaction>,
) => StateAdapter<MemoryTransaction>;

export interface SimulationOptions extends Partial<SimulationPlan> {
  readonly seed: number;
  /** Breaks the database on purpose, to show that it is noticed: between the witness and the store … */
  readonly breakStore?: BreakAdapter | undefined;
  /** … or between the processes and the witness. */
  readonly breakReplies?: BreakAdapter | undefined;
}

/** How many steps users take when nothing else is said. */
export const stepCountDefault = 80;

/** The numbers of the first `count` steps. */
export function firstSteps(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** With faults over, no schedule, backoff, lease or poll of this system takes longer. */
const quietMs = 60_000;
/** Longer than what was sent before the faults ended can be under way. */
const underWayMsMax = 10_000;

/** One deterministic run of random job types under faults, with a witness at the database. */
export async function runSimulation(options: SimulationOptions): Promise<SimulationResult> {
  const {
    breakStore,
    breakReplies,
    steps = firstSteps(stepCountDefault),
    without = [],
    ...rest
  } = options;
  let world: World | undefined;
  const run = await runSimulatedSystem({ ...rest, steps, without }, (simulated, memory) => {
    const store = breakStore?.(memory) ?? memory;
    world = createWorld(simulated, store);
    return createSystem(world, store, breakReplies);
  });
  const { model, checker } = world!;
  return {
    ...run,
    chainCount: model.chains.size + model.deletedChains.size,
    executionCount: checker.executionCount,
  };
}

function createWorld(run: SimulatedWorld, store: StateAdapter<MemoryTransaction>): World {
  const model = new Model((name) => run.count(name));
  const checker = new Checker(model, store, (violation) =>
    run.fail(violation.invariant, violation),
  );
  return {
    run,
    model,
    checker,
    plans: drawJobPlans(run.random.fork("plans")),
    eagerShare: run.random.fork("eager").pick([0.05, 0.05, 0.8]),
    awaits: new Set(),
  };
}

function createSystem(
  world: World,
  store: StateAdapter<MemoryTransaction>,
  breakReplies: BreakAdapter | undefined,
): SimulatedSystem {
  const { run, model, checker, plans } = world;
  const recording = createRecordingStateAdapter(
    store,
    model,
    run.databaseNowMs,
    async (operation, isChange) => {
      if (!isChange) return;
      run.trace(`commit: ${operation}`);
      await checker.checkStored(operation);
    },
  );
  return {
    jobTypes: defineJobTypesOf(plans),
    state: catchViolations(breakReplies?.(recording) ?? recording, checker),
    berths: drawBerths(world, run.random.fork("berths")),
    takeEvents: (events) => {
      for (const event of events)
        if (!model.isOfRebornAttempt(event)) checker.note(() => model.news.tell(event));
    },
    act: (node, random) => actAsUser(world, node, random),
    calm: async ({ client, process }) => {
      const types = plans.map(({ type }) => type);
      const resume = () => client.operate.resumeTypes({ tx: "autocommit", types });
      // What was sent before the faults ended may still fail.
      await untilServed(resume);
      // The user who sent a pause may be dead before it takes effect.
      await run.wait(underWayMsMax, process);
      if (model.hasPausedTypes) await untilServed(resume);
    },
    changeCount: () => model.changeCount,
    isAtRest: createRestCheck(world),
    quietMs,
    checkAtRest: async () => {
      await checker.checkAtRest();
      checker.note(() => checkAwaits(world));
    },
  };
}

function drawBerths(world: World, random: Random): readonly SimulatedBerth[] {
  const retention = random.isTrue(0.3) ? drawRetention(random) : undefined;
  const types = world.plans.map(({ type }) => type);
  return Array.from({ length: random.between(1, 3) }, (_, index) => {
    // The first can do everything, so that nothing waits for a handler that does not exist.
    const chosen = index === 0 || random.isTrue(0.5) ? types : [random.pick(types)];
    return {
      name: `worker-${index}`,
      concurrency: random.pick([1, 2, 5, 10]),
      leaseMs: random.pick([1_000, 3_000, 6_000]),
      pollIntervalMs: random.pick([300, 1_000, 2_500]),
      prefetchMs: random.pick([0, 50, 2_000]),
      stopTimeoutMs: random.pick([0, 500, 5_000]),
      retention,
      retentionIntervalMs: 1_000,
      handlers: (node) => {
        const handlers = createHandlers(world, node);
        return Object.fromEntries(chosen.map((type) => [type, handlers[type]]));
      },
    };
  });
}

function drawRetention(random: Random): RetentionOptions {
  const draw = (): RetentionRule | undefined =>
    random.pick([undefined, { maxAgeMs: random.pick([0, 500, 5_000]) }, { maxCount: 10 }]);
  return { completed: draw(), failed: draw(), cancelled: draw() };
}

/** Looks again only after a change: most events are those of a poll that finds nothing. */
function createRestCheck(world: World): () => boolean {
  let seen = "";
  let isAtRest = false;
  return () => {
    const now = `${world.model.changeCount} ${world.awaits.size}`;
    if (now !== seen) isAtRest = isAllAtRest(world);
    seen = now;
    return isAtRest;
  };
}

/** Those who still wait, wait for chains that cannot close. */
function isAllAtRest(world: World): boolean {
  if (!world.checker.isAtRest() || !noneRuns(world)) return false;
  return awaitsOfLiving(world).every(
    ({ chainId }) => world.model.chains.get(chainId)?.status === "open",
  );
}

function noneRuns({ model }: World): boolean {
  return [...model.chains.values()].every(({ jobs }) => jobs.at(-1)!.status !== "running");
}

function awaitsOfLiving({ awaits }: World): readonly { readonly chainId: string }[] {
  return [...awaits].filter(({ process }) => process.state !== "dead");
}

function checkAwaits(world: World): void {
  const { model } = world;
  for (const { chainId } of awaitsOfLiving(world)) {
    const chain = model.knownChain(chainId);
    if (chain?.status !== "open" || model.deletedChains.has(chainId))
      throw new Violation(
        "hintsOnly",
        `who awaits ${chainId} still does not know that it is ${chain?.status}`,
      );
  }
}

async function untilServed(run: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await run();
      return;
    } catch (error) {
      if (attempt === 10) throw error;
    }
  }
}

/** The witness throws what it finds into the operation that it watched: it is noted, and the process sees nothing but an error. */
function catchViolations(
  inner: StateAdapter<MemoryTransaction>,
  checker: Checker,
): StateAdapter<MemoryTransaction> {
  return new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return async (...parameters: readonly unknown[]) => {
        try {
          return (await (member as (...given: readonly unknown[]) => unknown)(
            ...parameters,
          )) as never;
        } catch (error) {
          if (error instanceof Violation) checker.fail(error);
          throw error;
        }
      };
    },
  });
}
