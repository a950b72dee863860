import type { Random } from "./random.ts";
import type { SimulatedProcess } from "./simulated-system.ts";
import type { Simulator } from "./simulator.ts";

/** The kinds of faults of a simulation. */
export const simulatedFaults = [
  "refused",
  "replyLost",
  "crash",
  "slow",
  "conflict",
  "deferred",
  "wakeUpDropped",
  "wakeUpDelayed",
  "wakeUpDoubled",
  "publishFailed",
  "kill",
  "pause",
  "outage",
  "outageForAll",
  "clockJump",
  "databaseClockJump",
  "stop",
] as const;

/**
 * A kind of fault. `refused`: a call fails before it does anything. `replyLost`: it takes effect, and its reply is lost. `crash`: the process dies
 * at a call, before or after its effect. `slow`: a message takes seconds. `conflict`: a transaction rolls back at its commit. `deferred`: the row of a
 * settlement is locked by somebody. `wakeUpDropped`, `wakeUpDelayed`, `wakeUpDoubled`, `publishFailed`: what becomes of wake-ups. `kill`, `pause`, `stop`: what
 * becomes of a process. `outage`, `outageForAll`: the database is away, for one process or for all. `clockJump`, `databaseClockJump`: a clock is set.
 */
export type SimulatedFault = (typeof simulatedFaults)[number];

/** What befalls a process or the database from time to time, and not at a call. */
export type Mischief = Extract<
  SimulatedFault,
  "kill" | "pause" | "outage" | "outageForAll" | "clockJump" | "databaseClockJump" | "stop"
>;

const mischiefs: readonly Mischief[] = [
  "kill",
  "pause",
  "outage",
  "outageForAll",
  "clockJump",
  "databaseClockJump",
  "stop",
];

/** Probabilities per call, transaction, settlement or wake-up; of a mischief, its weight among the others. */
type FaultProfile = Readonly<Record<SimulatedFault, number>>;

/** What befalls a call. */
export type CallFate = "served" | "refused" | "replyLost" | "crashBefore" | "crashAfter";

/** Gentle, rough or absent, each fault for itself: a bug may need one fault often and another never. */
function drawFaultProfile(random: Random): FaultProfile {
  const level = (gentle: number, rough: number): number => random.pick([0, gentle, rough]);
  return {
    refused: level(0.01, 0.1),
    replyLost: random.pick([0, 0.01, 0.15, 0.4]),
    crash: level(0.002, 0.02),
    slow: level(0.02, 0.2),
    conflict: level(0.02, 0.1),
    deferred: level(0.05, 0.5),
    wakeUpDropped: random.pick([0, 0.2, 1]),
    wakeUpDelayed: level(0.1, 0.5),
    wakeUpDoubled: level(0.1, 0.5),
    publishFailed: level(0.02, 0.3),
    kill: 4,
    pause: 4,
    outage: 3,
    outageForAll: 1,
    clockJump: 2,
    databaseClockJump: 1,
    stop: 2,
  };
}

/** Decides about each call, each wake-up and each process, until `end`. Each kind of fault has a chance of its own, so that one can be left out alone. */
export class Faults {
  readonly counts: Map<string, number> = new Map();
  readonly #simulator: Simulator;
  readonly #randoms: Readonly<Record<SimulatedFault | "latency", Random>>;
  readonly #without: ReadonlySet<SimulatedFault>;
  readonly #trace: (line: string) => void;
  readonly #profile: FaultProfile;
  /** The mean time between two mischiefs; `undefined`: none in this run. */
  readonly #mischiefEveryMs: number | undefined;
  #isOver = false;
  /** Until when the database is away: for one process, or for all (`undefined`). */
  readonly #awayUntilMs = new Map<SimulatedProcess | undefined, number>();

  constructor(
    simulator: Simulator,
    random: Random,
    without: readonly SimulatedFault[],
    trace: (line: string) => void,
  ) {
    this.#simulator = simulator;
    this.#without = new Set(without);
    this.#trace = trace;
    this.#profile = drawFaultProfile(random);
    this.#mischiefEveryMs = random.pick([undefined, 10_000, 3_000, 1_000]);
    this.#randoms = Object.fromEntries(
      [...simulatedFaults, "latency"].map((name) => [name, random.fork(name)]),
    ) as unknown as Readonly<Record<SimulatedFault | "latency", Random>>;
  }

  /** From here on nothing goes wrong. */
  end(): void {
    this.#isOver = true;
    this.#awayUntilMs.clear();
  }

  count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  fateOfCall(call: string): CallFate {
    if (this.#strikes("refused", call)) return "refused";
    if (this.#strikes("replyLost", call)) return "replyLost";
    if (!this.#strikes("crash", call)) return "served";
    return this.#randoms.crash.isTrue(0.5) ? "crashBefore" : "crashAfter";
  }

  isConflict(call: string): boolean {
    return this.#strikes("conflict", call);
  }

  isDeferred(call: string): boolean {
    return this.#strikes("deferred", call);
  }

  /** The time of a message. */
  latencyMs(call: string): number {
    if (this.#strikes("slow", call)) return this.#randoms.slow.between(20, 3_000);
    return this.#randoms.latency.pick([0, 0, 1, 2, 5]);
  }

  isPublishFailed(): boolean {
    return this.#strikes("publishFailed", "publish");
  }

  /** After how many ms each copy of a wake-up arrives; none for one that is dropped. */
  wakeUpDelaysMs(processName: string): readonly number[] {
    if (this.#strikes("wakeUpDropped", processName)) return [];
    const delay = (): number =>
      this.#strikes("wakeUpDelayed", processName)
        ? this.#randoms.wakeUpDelayed.between(10, 5_000)
        : this.#randoms.latency.between(0, 2);
    return this.#strikes("wakeUpDoubled", processName) ? [delay(), delay()] : [delay()];
  }

  /** How long until the next mischief; `undefined` when there is none any more. */
  untilMischiefMs(random: Random): number | undefined {
    return this.#isOver || this.#mischiefEveryMs === undefined
      ? undefined
      : random.between(0, 2 * this.#mischiefEveryMs);
  }

  /** What to do to the process of this name; `undefined`: its turn is passed over, since its fault is left out. */
  drawMischief(random: Random, processName: string): Mischief | undefined {
    const weights = Object.fromEntries(
      mischiefs.map((name) => [name, this.#profile[name]]),
    ) as Record<Mischief, number>;
    const mischief = random.weighted(weights);
    if (this.#isOver || this.#without.has(mischief)) return undefined;
    this.#note(mischief, processName);
    return mischief;
  }

  beginOutage(process: SimulatedProcess | undefined, durationMs: number): void {
    this.#awayUntilMs.set(process, this.#simulator.nowMs + durationMs);
  }

  isAway(process: SimulatedProcess): boolean {
    const untilMs = Math.max(
      this.#awayUntilMs.get(process) ?? 0,
      this.#awayUntilMs.get(undefined) ?? 0,
    );
    return untilMs > this.#simulator.nowMs;
  }

  #strikes(fault: Exclude<SimulatedFault, Mischief>, what: string): boolean {
    const probability = this.#profile[fault];
    if (this.#isOver || probability === 0 || this.#without.has(fault)) return false;
    if (!this.#randoms[fault].isTrue(probability)) return false;
    this.#note(fault, what);
    return true;
  }

  #note(fault: SimulatedFault, what: string): void {
    this.count(`fault: ${fault}`);
    this.#trace(`fault: ${fault} (${what})`);
  }
}
