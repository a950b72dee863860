import type { Outcome, Settlement } from "../ports/state-adapter.ts";
import { keyOf, type Attempt } from "./attempt.ts";

/** An outcome that waits for its verdict. */
export interface PendingOutcome {
  readonly attempt: Attempt;
  readonly outcome: Outcome;
  /** To be stored with the job, where there is telemetry. */
  readonly traceContext?: string | undefined;
  /** What the handler threw, for the event. */
  readonly error: unknown;
  readonly endedAtMs: number;
  /** Not to be tried before this, on the monotonic clock. */
  notBeforeMs: number;
  deferCount: number;
}

/** The outcomes that gather while an exchange is in flight, in the order in which the attempts ended. */
export class Outbox {
  #pending: PendingOutcome[] = [];

  get size(): number {
    return this.#pending.length;
  }

  add(pending: PendingOutcome): void {
    this.#pending.push(pending);
  }

  /** Takes what is due, at most one exchange's worth. */
  takeDue(nowMs: number, countMax: number): PendingOutcome[] {
    const taken: PendingOutcome[] = [];
    const left: PendingOutcome[] = [];
    for (const pending of this.#pending)
      (taken.length < countMax && pending.notBeforeMs <= nowMs ? taken : left).push(pending);
    this.#pending = left;
    return taken;
  }

  takeAll(): PendingOutcome[] {
    const taken = this.#pending;
    this.#pending = [];
    return taken;
  }

  drop(attempt: Attempt): void {
    this.#pending = this.#pending.filter((pending) => pending.attempt !== attempt);
  }

  /** Puts back what got no verdict, ahead of what came since. */
  putBack(pending: readonly PendingOutcome[]): void {
    this.#pending = [...pending, ...this.#pending];
  }

  /** When the first of those that are put off may be tried again; `undefined` when nothing waits. */
  nextDueMs(): number | undefined {
    return this.#pending.reduce<number | undefined>(
      (least, { notBeforeMs }) =>
        least === undefined || notBeforeMs < least ? notBeforeMs : least,
      undefined,
    );
  }
}

export function toSettlement({ attempt, outcome, traceContext }: PendingOutcome): Settlement {
  return { ...keyOf(attempt.job), outcome, traceContext };
}
