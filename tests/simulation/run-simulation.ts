import { createMemoryNotifyAdapter, createMemoryStateAdapter } from "queuert";
import type { StateAdapter } from "queuert/adapter";
import type { MemoryTransaction } from "queuert/testing";
import { Checker } from "./checker.ts";
import { drawFaultProfile, Faults } from "./faults.ts";
import { Fleet, startNode, type Servers } from "./fleet.ts";
import { drawJobPlans } from "./job-plans.ts";
import { Model } from "./model.ts";
import { createRandom } from "./random.ts";
import { createRecordingStateAdapter } from "./recording-state-adapter.ts";
import { Simulator, type RunEnd } from "./simulator.ts";
import { actAsUser } from "./user-actions.ts";
import { Violation } from "./violation.ts";
import type { World } from "./world.ts";

/** `inconclusive`: nothing untrue was found, and the run did not come to rest within its events. */
export type Verdict = "pass" | "fail" | "inconclusive";

export interface SimulationResult {
  readonly seed: number;
  readonly steps: number;
  readonly verdict: Verdict;
  readonly violation: Violation | undefined;
  readonly eventCount: number;
  readonly chainCount: number;
  readonly executionCount: number;
  readonly virtualMs: number;
  /** What happened, and how often. */
  readonly counts: ReadonlyMap<string, number>;
  /** Equal for two runs exactly when the same happened in both. */
  readonly traceHash: string;
  readonly trace: readonly string[];
}

/** Makes a database that breaks a promise. */
export type BreakAdapter = (
  inner: StateAdapter<MemoryTransaction>,
) => StateAdapter<MemoryTransaction>;

export interface SimulationOptions {
  readonly seed: number;
  /** How many things users do before faults end. */
  readonly steps: number;
  /** Breaks the database on purpose, to show that it is noticed: between the witness and the store … */
  readonly breakStore?: BreakAdapter | undefined;
  /** … or between the processes and the witness. */
  readonly breakReplies?: BreakAdapter | undefined;
}

/** With faults over, no schedule, backoff, lease or poll of a simulation takes longer: what has not moved for so long, never will. */
const quietMs = 60_000;
const eventCountMax = 400_000;

/** One deterministic run: users, workers and faults for `steps` things that users do; then calm until rest; then the last checks. */
export async function runSimulation(options: SimulationOptions): Promise<SimulationResult> {
  const { seed, steps } = options;
  const random = createRandom(seed);
  const simulator = new Simulator();
  const faults = new Faults(simulator, random.fork(), drawFaultProfile(random));
  const memory = createMemoryStateAdapter({ clock: () => simulator.nowMs });
  const store = options.breakStore?.(memory) ?? memory;
  const model = new Model((name) => faults.count(name));
  const checker = new Checker(model, store);
  const trace = createTrace(() => simulator.nowMs - simulator.startedAtMs);
  const world: World = {
    simulator,
    random,
    faults,
    model,
    checker,
    plans: drawJobPlans(random),
    awaits: new Set(),
    trace: trace.write,
    isCalm: false,
  };
  const recording = createRecordingStateAdapter(
    store,
    model,
    () => simulator.nowMs,
    async (operation, isChange) => {
      trace.write(`commit: ${operation}`);
      if (isChange) await checker.checkStored(operation);
    },
  );
  const servers: Servers = {
    state: catchViolations(options.breakReplies?.(recording) ?? recording, checker),
    notify: createMemoryNotifyAdapter(),
  };

  const verdict = await runToRest(world, servers, steps);
  return {
    seed,
    steps,
    verdict: checker.violation === undefined ? verdict : "fail",
    violation: checker.violation,
    eventCount: simulator.eventCount,
    chainCount: model.chains.size + model.deletedChains.size,
    executionCount: checker.executionCount,
    virtualMs: simulator.nowMs - simulator.startedAtMs,
    counts: faults.counts,
    traceHash: trace.hash(),
    trace: trace.lines,
  };
}

async function runToRest(world: World, servers: Servers, steps: number): Promise<Verdict> {
  const { simulator, faults, checker, random } = world;
  const isBroken = (): boolean => checker.violation !== undefined;
  const fleet = new Fleet(world, servers);
  fleet.start();
  let stepsDone = 0;
  const actions = new Set<Promise<void>>();
  const user = await withEvents(simulator, startNode(world, servers, "user"));
  const step = (): void => {
    stepsDone++;
    const action = actAsUser(world, user).finally(() => actions.delete(action));
    actions.add(action);
    if (stepsDone < steps) simulator.schedule(random.pick([0, 20, 200, 1_000]), step);
  };
  const mischief = (): void => {
    const everyMs = faults.profile.mischiefEveryMs;
    if (everyMs === undefined) return;
    fleet.makeMischief();
    simulator.schedule(random.between(0, 2 * everyMs), mischief);
  };
  simulator.schedule(0, step);
  if (faults.profile.mischiefEveryMs !== undefined)
    simulator.schedule(random.between(0, 2 * faults.profile.mischiefEveryMs), mischief);
  const end = await simulator.run(() => isBroken() || stepsDone >= steps, {
    untilMs: simulator.nowMs + steps * 5_000,
    eventCountMax,
  });
  if (end === "events") return "inconclusive";

  world.trace("calm");
  world.isCalm = true;
  faults.end();
  fleet.calm();
  await withEvents(simulator, Promise.all(actions));
  await withEvents(
    simulator,
    untilServed(() =>
      user.client.operate.resumeTypes({
        tx: "autocommit",
        types: world.plans.map(({ type }) => type),
      }),
    ),
  );
  const restEnd = await runUntilQuiet(world);
  if (restEnd === "events") return "inconclusive";
  if (!isBroken()) await checker.checkAtRest();
  if (!isBroken()) checker.note(() => checkAwaits(world));
  return "pass";
}

/** Runs until all is at rest, or nothing has changed for so long that nothing will. */
async function runUntilQuiet(world: World): Promise<RunEnd> {
  const { simulator, checker, model } = world;
  const isAtRest = createRestCheck(world);
  for (;;) {
    const { changeCount } = model;
    const end = await simulator.run(() => checker.violation !== undefined || isAtRest(), {
      untilMs: simulator.nowMs + quietMs,
      eventCountMax,
    });
    if (end !== "time" || model.changeCount === changeCount) return end;
  }
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
  return [...world.awaits].every(
    ({ chainId }) => world.model.chains.get(chainId)?.status === "open",
  );
}

function noneRuns({ model }: World): boolean {
  return [...model.chains.values()].every(({ jobs }) => jobs.at(-1)!.status !== "running");
}

function checkAwaits({ awaits, model }: World): void {
  for (const { chainId } of awaits) {
    const chain = model.knownChain(chainId);
    if (chain?.status !== "open" || model.deletedChains.has(chainId))
      throw new Violation(
        "hintsOnly",
        `who awaits ${chainId} still does not know that it is ${chain?.status}`,
      );
  }
}

/** Lets events happen until the promise has settled. */
async function withEvents<TResult>(
  simulator: Simulator,
  promise: Promise<TResult>,
): Promise<TResult> {
  let isSettled = false;
  const settled = promise.finally(() => {
    isSettled = true;
  });
  settled.catch(() => {});
  await simulator.run(() => isSettled, { untilMs: Number.POSITIVE_INFINITY, eventCountMax });
  return settled;
}

/** What was sent before the faults ended may still fail. */
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

interface Trace {
  readonly lines: string[];
  readonly write: (line: string) => void;
  readonly hash: () => string;
}

const traceLineCountMax = 20_000;

function createTrace(elapsedMs: () => number): Trace {
  const lines: string[] = [];
  let hash = 0x811c9dc5;
  return {
    lines,
    write: (line) => {
      const text = `${elapsedMs()} ms  ${line}`;
      for (let index = 0; index < text.length; index++)
        hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
      if (lines.length >= traceLineCountMax) lines.splice(0, traceLineCountMax / 2);
      lines.push(text);
    },
    hash: () => (hash >>> 0).toString(16).padStart(8, "0"),
  };
}
