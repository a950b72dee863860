import type { Random } from "./random.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { Simulator } from "./simulator.ts";

/** What may go wrong, and how often. Probabilities are per call, per wake-up, or per turn of the mischief. */
export interface FaultProfile {
  /** A store call fails before it does anything. */
  readonly refused: number;
  /** A store call takes effect, and its reply is lost. */
  readonly replyLost: number;
  /** A transaction of the user's rolls back at its commit, with a conflict. */
  readonly conflict: number;
  /** The row of a settlement is locked by somebody: its verdict is `deferred`. */
  readonly deferred: number;
  /** A message to or from the database is slow. */
  readonly slow: number;
  readonly wakeUpDropped: number;
  readonly wakeUpDelayed: number;
  readonly wakeUpDoubled: number;
  /** A publish fails as a whole. */
  readonly publishFailed: number;
  /** The mean time between the faults of processes and outages; `undefined`: none. */
  readonly mischiefEveryMs: number | undefined;
}

export const noFaults: FaultProfile = {
  refused: 0,
  replyLost: 0,
  conflict: 0,
  deferred: 0,
  slow: 0,
  wakeUpDropped: 0,
  wakeUpDelayed: 0,
  wakeUpDoubled: 0,
  publishFailed: 0,
  mischiefEveryMs: undefined,
};

/** Gentle, rough or absent, each fault for itself: a bug may need one fault often and another never. */
export function drawFaultProfile(random: Random): FaultProfile {
  const level = (gentle: number, rough: number): number => random.pick([0, gentle, rough]);
  return {
    refused: level(0.01, 0.1),
    replyLost: level(0.01, 0.15),
    conflict: level(0.02, 0.1),
    deferred: level(0.05, 0.5),
    slow: level(0.02, 0.2),
    wakeUpDropped: random.pick([0, 0.2, 1]),
    wakeUpDelayed: level(0.1, 0.5),
    wakeUpDoubled: level(0.1, 0.5),
    publishFailed: level(0.02, 0.3),
    mischiefEveryMs: random.pick([undefined, 10_000, 3_000, 1_000]),
  };
}

/** What befalls a call to the database. */
export type CallFate = "served" | "refused" | "replyLost";

/** Decides about each call and each wake-up, while faults are on. */
export class Faults {
  readonly counts: Map<string, number> = new Map();
  readonly #simulator: Simulator;
  readonly #random: Random;
  #profile: FaultProfile;
  /** Until when the database is away: for one process, or for all (`undefined`). */
  readonly #awayUntilMs = new Map<SimulatedProcess | undefined, number>();

  constructor(simulator: Simulator, random: Random, profile: FaultProfile) {
    this.#simulator = simulator;
    this.#random = random;
    this.#profile = profile;
  }

  get profile(): FaultProfile {
    return this.#profile;
  }

  /** From here on nothing goes wrong. */
  end(): void {
    this.#profile = noFaults;
    this.#awayUntilMs.clear();
  }

  count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  beginOutage(process: SimulatedProcess | undefined, durationMs: number): void {
    this.count(process === undefined ? "outage for all" : "outage for one");
    this.#awayUntilMs.set(process, this.#simulator.nowMs + durationMs);
  }

  isAway(process: SimulatedProcess): boolean {
    const untilMs = Math.max(
      this.#awayUntilMs.get(process) ?? 0,
      this.#awayUntilMs.get(undefined) ?? 0,
    );
    return untilMs > this.#simulator.nowMs;
  }

  fateOfCall(): CallFate {
    const fate = this.#draw("refused")
      ? "refused"
      : this.#draw("replyLost")
        ? "replyLost"
        : "served";
    if (fate !== "served")
      this.count(fate === "refused" ? "store call refused" : "store reply lost");
    return fate;
  }

  isConflict(): boolean {
    return this.#draw("conflict") && this.#counted("store conflict");
  }

  isDeferred(): boolean {
    return this.#draw("deferred") && this.#counted("settlement deferred");
  }

  /** The time of a message to or from the database. */
  latencyMs(): number {
    if (this.#draw("slow") && this.#counted("slow message")) return this.#random.between(20, 3_000);
    return this.#random.pick([0, 0, 1, 2, 5]);
  }

  isPublishFailed(): boolean {
    return this.#draw("publishFailed") && this.#counted("publish failed");
  }

  /** After how many ms each copy of a wake-up arrives; none for one that is dropped. */
  wakeUpDelaysMs(): readonly number[] {
    if (this.#draw("wakeUpDropped") && this.#counted("wake-up dropped")) return [];
    const delay = (): number =>
      this.#draw("wakeUpDelayed") && this.#counted("wake-up delayed")
        ? this.#random.between(10, 5_000)
        : this.#random.between(0, 2);
    return this.#draw("wakeUpDoubled") && this.#counted("wake-up doubled")
      ? [delay(), delay()]
      : [delay()];
  }

  #draw(name: Exclude<keyof FaultProfile, "mischiefEveryMs">): boolean {
    return this.#profile[name] > 0 && this.#random.isTrue(this.#profile[name]);
  }

  #counted(name: string): true {
    this.count(name);
    return true;
  }
}
