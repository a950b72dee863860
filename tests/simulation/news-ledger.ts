import type { EmittedEvent } from "queuert";
import { assertTrue } from "./violation.ts";

/** Facts that have committed, to be told once each. An event without a fact behind it is false news; a fact without an event is allowed. */
export class NewsLedger {
  readonly #untold = new Map<string, number>();

  /** Notes that something has committed. */
  commit(...fact: readonly (string | number)[]): void {
    const key = fact.join(" ");
    this.#untold.set(key, (this.#untold.get(key) ?? 0) + 1);
  }

  /** Checks an event against what has committed by now. */
  tell(event: EmittedEvent): void {
    const fact = factOf(event);
    if (fact === undefined) return;
    const key = fact.join(" ");
    const count = this.#untold.get(key) ?? 0;
    const toldCount = event.name === "chains.retired" ? event.count : 1;
    assertTrue(
      count >= toldCount,
      "noFalseNews",
      () =>
        `the event ${JSON.stringify(event)} tells what has not committed, or tells it again (${key})`,
    );
    // Beginning twice is for `oneExecution` to find out.
    if (event.name !== "attempt.started") this.#untold.set(key, count - toldCount);
  }
}

/** The fact that an event tells; `undefined` for one that tells nothing about the database. */
function factOf(event: EmittedEvent): readonly (string | number)[] | undefined {
  switch (event.name) {
    case "chain.started":
      return [event.name, event.chainId];
    case "chain.deduplicated":
      return [event.name, event.chainId, event.outcome];
    case "chain.closed":
      return [event.name, event.chainId, event.status];
    case "chain.redriven":
    case "chain.deleted":
      return [event.name, event.chainId];
    case "chains.retired":
      return [event.name, event.chainType, event.status];
    case "job.continued":
      return [event.name, event.jobId, event.nextJobId, event.nextType];
    case "job.completedWithoutWorker":
      return [event.name, event.jobId, event.outcome];
    case "job.unblocked":
    case "job.triggered":
    case "job.rescheduled":
      return [event.name, event.jobId];
    case "attempt.started":
      return [event.name, event.jobId, event.workerId, event.attempt];
    case "attempt.ended":
      return ["completed", "continued", "retried", "rescheduled", "failed", "released"].includes(
        event.outcome,
      )
        ? [event.name, event.jobId, event.workerId, event.attempt, event.outcome]
        : undefined;
    case "attempt.reaped":
      return [event.name, event.jobId, event.workerId, event.outcome];
    default:
      return undefined;
  }
}
