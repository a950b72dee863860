// The events that say more than the handlers can: what failed, what was taken over, what may go on.
import type { EmittedEvent, EventSubscriber } from "queuert";

/** A sentence about a chain, or about the process. */
export interface EventNote {
  readonly chainId?: string;
  readonly text: string;
}

/** Makes a subscriber. Events leave after the commit of what they tell, so no sentence has to be taken back. */
export function narrateEvents(tell: (note: EventNote) => void): EventSubscriber {
  return (events) => {
    for (const event of events) {
      const text = sentenceOf(event);
      if (text !== undefined)
        tell("chainId" in event ? { chainId: event.chainId, text } : { text });
    }
  };
}

function sentenceOf(event: EmittedEvent): string | undefined {
  switch (event.name) {
    case "worker.started":
      return `begins to work: ${event.types.length} job types, ${event.concurrency} jobs at once`;
    case "worker.stopped":
      return "has stopped";
    case "attempt.ended":
      return attemptSentence(event);
    case "attempt.reaped":
      return `takes ${event.type} over from a worker that is gone: attempt ${event.attempt} is lost, and counts`;
    case "job.unblocked":
      return `${event.type} may run: what it waited for has completed`;
    case "job.completedWithoutWorker":
      return `${event.type} ${event.outcome} without a worker`;
    case "chain.redriven":
      return "the failed chain is open again";
    case "callback.failed":
    case "store.unavailable":
    case "notify.unavailable":
      return `${event.name}: ${String(event.error)}`;
    default:
      return undefined;
  }
}

function attemptSentence(
  event: EmittedEvent & { readonly name: "attempt.ended" },
): string | undefined {
  const { type, attempt, outcome, error, retryInMs } = event;
  if (outcome === "retried") {
    return `${type}: attempt ${attempt} threw ${String(error)}; the next one in ${retryInMs} ms`;
  }
  if (outcome === "failed") return `${type} failed for good: ${String(error)}`;
  return undefined;
}
