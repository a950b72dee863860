import { ROOT_CONTEXT, SpanKind, trace, type Attributes, type Link } from "@opentelemetry/api";
import type { TracedAttempt, TracedBlocker } from "queuert";

import { attributeNames as names, ownAttributeNames as own } from "../conventions/attributes.ts";
import type { Emitters } from "../emitters.ts";
import { linkCountMax } from "./spans.ts";
import { decodeStoredTrace, type StoredTrace } from "./stored-trace.ts";
import { linkTo } from "./trace-context.ts";

/** A link to what completed a blocker. */
export function linkToBlocker(blocker: TracedBlocker): readonly Link[] {
  const { attempt, creation } = decodeStoredTrace(blocker.traceContext);
  return linkTo(attempt ?? creation, "blocker", blockerAttributes(blocker));
}

/**
 * Makes a span for each blocker that a job has waited for, from the job's creation to the end of the blocker, both by the database's clock:
 * in the trace of the creation, with a link to what completed the blocker. Made by the first attempt, since the claim proves that all have ended.
 */
export function traceBlockers(
  { tracer, system, options }: Emitters,
  attempt: TracedAttempt,
  stored: StoredTrace,
): void {
  const isFirst = attempt.attempt === 1 && stored.attempt === undefined;
  if (!isFirst || stored.creation === undefined || !options.instrument.blockers) return;
  const parent = trace.setSpanContext(ROOT_CONTEXT, stored.creation);
  const { createdAt } = attempt;
  const waitedFor = attempt.blockers.filter(({ closedAt }) => closedAt > createdAt);
  for (const blocker of waitedFor.slice(0, linkCountMax)) {
    const span = tracer.startSpan(
      `await_blocker ${blocker.chainType}`,
      {
        kind: SpanKind.INTERNAL,
        startTime: createdAt,
        attributes: {
          ...system,
          [names.messageId]: attempt.jobId,
          [names.conversationId]: attempt.chainId,
          ...blockerAttributes(blocker),
        },
        links: [...linkToBlocker(blocker)],
      },
      parent,
    );
    span.end(blocker.closedAt);
  }
}

function blockerAttributes({ slot, chainId, chainType }: TracedBlocker): Attributes {
  return {
    [own.blockerSlot]: slot,
    [own.blockerChainId]: chainId,
    [own.blockerChainType]: chainType,
  };
}
