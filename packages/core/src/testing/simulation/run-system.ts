import { createMemoryStateAdapter } from "../../memory/create-memory-state-adapter.ts";
import type { MemoryTransaction } from "../../memory/sessions.ts";
import type { StateAdapter } from "../../ports/state-adapter.ts";
import { callOutside, OutsideCallError } from "./call-outside.ts";
import { Faults, type SimulatedFault } from "./faults.ts";
import { Fleet } from "./fleet.ts";
import { createRandom, type Random } from "./random.ts";
import type {
  SimulatedFailure,
  SimulatedProcess,
  SimulatedSystem,
  SimulatedWorld,
} from "./simulated-system.ts";
import { Simulator, type RunEnd } from "./simulator.ts";
import { createTrace } from "./trace.ts";

/** Decides a run: two runs of one plan are the same, event by event. */
export interface SimulationPlan {
  readonly seed: number;
  /** The numbers, from 0, of the steps that users take. One that is not named passes without them. */
  readonly steps: readonly number[];
  /** Faults that are left out. */
  readonly without: readonly SimulatedFault[];
  /** Kills every process when this many events have happened: each `await` of theirs ends at one. */
  readonly crashAfterEvent?: number | undefined;
}

/** What a run came to. `inconclusive`: nothing untrue was found, and it did not come to rest within its events. */
export interface SimulatedRun {
  readonly plan: SimulationPlan;
  readonly verdict: "pass" | "fail" | "inconclusive";
  readonly failure: SimulatedFailure | undefined;
  readonly eventCount: number;
  readonly virtualMs: number;
  /** What happened, and how often. */
  readonly counts: ReadonlyMap<string, number>;
  /** Equal for two runs exactly when the same happened in both. */
  readonly traceHash: string;
  readonly trace: readonly string[];
}

/** Makes the system of a run around its database. Chance comes from `world.random`, and nowhere else. */
export type BuildSystem = (
  world: SimulatedWorld,
  memory: StateAdapter<MemoryTransaction>,
) => SimulatedSystem;

const eventCountMax = 400_000;
/** No step takes longer: what is still under way then is held up by a fault. */
const stepMs = 5_000;
/** How long faults go on after the last step, at most. */
const lastStormMs = 10_000;

/**
 * One deterministic run: processes, users and faults for the steps of the plan; then calm until rest; then the last checks. `onTrace` takes each line of
 * what happens.
 */
export async function runSimulatedSystem(
  plan: SimulationPlan,
  build: BuildSystem,
  onTrace: (line: string) => void = () => {},
): Promise<SimulatedRun> {
  const run = new Run(plan, build, onTrace);
  const end = await run.toRest();
  const { failure } = run;
  return {
    plan,
    verdict: failure !== undefined ? "fail" : end === "events" ? "inconclusive" : "pass",
    failure,
    ...run.measure(),
    traceHash: run.traceHash(),
    trace: run.traceLines,
  };
}

/** A run under way, and the world that its system sees. Stormy → calm, once. */
class Run implements SimulatedWorld {
  readonly random: Random;
  readonly trace: (line: string) => void;
  readonly traceHash: () => string;
  readonly traceLines: readonly string[];
  readonly #plan: SimulationPlan;
  readonly #simulator: Simulator;
  readonly #faults: Faults;
  readonly #system: SimulatedSystem;
  readonly #fleet: Fleet;
  /** What users have begun, by processes that live. */
  readonly #actions = new Set<Promise<void>>();
  #databaseSkewMs = 0;
  #failure: SimulatedFailure | undefined;
  #isCalm = false;

  constructor(plan: SimulationPlan, build: BuildSystem, onTrace: (line: string) => void) {
    this.#plan = plan;
    this.random = createRandom(plan.seed);
    this.#simulator = new Simulator((eventCount) => {
      if (eventCount === plan.crashAfterEvent) this.#fleet.crash();
      return this.#system.afterEvent?.();
    });
    const trace = createTrace(() => this.#simulator.nowMs - this.#simulator.startedAtMs, onTrace);
    this.trace = trace.write;
    this.traceHash = trace.hash;
    this.traceLines = trace.lines;
    this.#faults = new Faults(
      this.#simulator,
      this.random.fork("faults"),
      plan.without,
      this.trace,
    );
    this.#system = build(this, createMemoryStateAdapter({ clock: this.databaseNowMs }));
    this.#fleet = new Fleet(
      { world: this, simulator: this.#simulator, faults: this.#faults },
      this.#system,
      (byMs) => {
        this.#databaseSkewMs += byMs;
      },
    );
  }

  readonly nowMs = (): number => this.#simulator.nowMs;

  readonly databaseNowMs = (): number => this.#simulator.nowMs + this.#databaseSkewMs;

  readonly wait = (ms: number, process?: SimulatedProcess): Promise<void> =>
    this.#simulator.wait(ms, process);

  readonly call = <TResult>(
    process: SimulatedProcess,
    run: () => Promise<TResult>,
  ): Promise<TResult> =>
    callOutside(
      { simulator: this.#simulator, faults: this.#faults, process },
      {
        name: `${process.name}: call`,
        isAway: () => false,
        error: (message) => new OutsideCallError(message),
      },
      run,
    );

  readonly count = (name: string): void => this.#faults.count(name);

  readonly fail = (invariant: string, error: unknown): void => {
    this.#failure ??= { invariant, error };
  };

  get failure(): SimulatedFailure | undefined {
    return this.#failure;
  }

  get isCalm(): boolean {
    return this.#isCalm;
  }

  measure(): Pick<SimulatedRun, "eventCount" | "virtualMs" | "counts"> {
    const { eventCount, nowMs, startedAtMs } = this.#simulator;
    return { eventCount, virtualMs: nowMs - startedAtMs, counts: this.#faults.counts };
  }

  async toRest(): Promise<RunEnd> {
    this.#fleet.start();
    const stormEnd = await this.#runStorm();
    if (stormEnd === "events") return stormEnd;
    const calmEnd = await this.#beginCalm();
    if (calmEnd === "events") return calmEnd;
    const restEnd = await this.#runUntilQuiet();
    if (restEnd !== "events" && this.#failure === undefined) await this.#system.checkAtRest();
    return restEnd;
  }

  /** Until the last step was taken, and a while longer. */
  async #runStorm(): Promise<RunEnd> {
    const upEnd = await this.#runUntil(() => this.#fleet.user !== undefined);
    if (upEnd !== "done") return upEnd;
    const random = this.random.fork("users");
    const stepCount = Math.max(-1, ...this.#plan.steps) + 1;
    const taken = new Set(this.#plan.steps);
    let step = 0;
    const next = (): void => {
      if (taken.has(step)) this.#act(step);
      step++;
      if (step < stepCount) this.#simulator.schedule(random.pick([0, 20, 200, 1_000]), next);
    };
    if (stepCount > 0) this.#simulator.schedule(0, next);
    this.#scheduleMischief(this.random.fork("mischief"));
    const end = await this.#runUntil(() => step >= stepCount, stepCount * stepMs);
    if (end !== "done") return end;
    // What users have begun last meets faults as well.
    const isDone = (): boolean => this.#actions.size === 0 && this.#system.isAtRest();
    return this.#runUntil(isDone, random.between(0, lastStormMs));
  }

  #act(step: number): void {
    const user = this.#fleet.user;
    this.trace(`step ${step}${user === undefined ? ", with nobody there" : ""}`);
    if (user === undefined) return;
    const action = this.#system
      .act(user, this.random.fork(`step ${step}`), step)
      .catch((error: unknown) => this.fail("a step", error))
      .finally(() => this.#actions.delete(action));
    // It may have died of its first call.
    if (user.process.state === "dead") return;
    this.#actions.add(action);
    user.process.onDeath(() => this.#actions.delete(action));
  }

  #scheduleMischief(random: Random): void {
    const delayMs = this.#faults.untilMischiefMs(random);
    if (delayMs === undefined) return;
    this.#simulator.schedule(delayMs, () => {
      this.#fleet.makeMischief();
      this.#scheduleMischief(random);
    });
  }

  /** Ends the faults; waits for what users have begun, and for the processes that died to be replaced. */
  async #beginCalm(): Promise<RunEnd> {
    this.trace("calm");
    this.#isCalm = true;
    this.#faults.end();
    this.#fleet.calm();
    const end = await this.#runUntil(
      () => this.#actions.size === 0 && this.#fleet.user !== undefined,
    );
    return end === "done" ? this.#calmSystem() : end;
  }

  /** Again by the next process of users, if one dies of it. */
  async #calmSystem(): Promise<RunEnd> {
    for (let isCalmed = false; ;) {
      const { user } = this.#fleet;
      if (isCalmed || user === undefined) return "done";
      void this.#system
        .calm(user)
        .catch((error: unknown) => this.fail("calm", error))
        .finally(() => {
          isCalmed = true;
        });
      const end = await this.#runUntil(() => isCalmed || user.process.state === "dead");
      if (end !== "done" || this.#failure !== undefined) return end;
      const restartEnd = await this.#runUntil(() => this.#fleet.user !== undefined);
      if (restartEnd !== "done" || this.#failure !== undefined) return restartEnd;
    }
  }

  /** Runs until all is at rest, or nothing has changed for so long that nothing will. */
  async #runUntilQuiet(): Promise<RunEnd> {
    const system = this.#system;
    const { changeCount, isAtRest } = system;
    for (;;) {
      const seenCount = changeCount();
      const end = await this.#runUntil(isAtRest, system.quietMs);
      if (end !== "time" || changeCount() === seenCount) return end;
    }
  }

  #runUntil(isDone: () => boolean, forMs: number = Number.POSITIVE_INFINITY): Promise<RunEnd> {
    return this.#simulator.run(() => this.#failure !== undefined || isDone(), {
      untilMs: this.#simulator.nowMs + forMs,
      eventCountMax,
    });
  }
}
