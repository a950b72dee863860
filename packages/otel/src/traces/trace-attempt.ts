import {
  context as contexts,
  ROOT_CONTEXT,
  SpanKind,
  trace,
  type Attributes,
  type Context,
  type Link,
  type Span,
} from "@opentelemetry/api";
import type {
  AttemptTrace,
  EmittedEvent,
  SettlingTrace,
  TracedAttempt,
  TracedSettling,
} from "queuert";

import {
  attributeNames as names,
  ownAttributeNames as own,
  toSeconds,
} from "../conventions/attributes.ts";
import { attemptErrorType } from "../conventions/error-type.ts";
import { operationAttributes, type Operation } from "../conventions/operations.ts";
import { emitEvents, type Emitters } from "../emitters.ts";
import { guarded } from "../guard.ts";
import { encodeCreation, encodeEnded, linkCountMax, setError, startJobSpan } from "./spans.ts";
import { decodeStoredTrace, type StoredTrace } from "./stored-trace.ts";
import { isChildOfCreation, linkTo } from "./trace-context.ts";
import { linkToBlocker, traceBlockers } from "./trace-blockers.ts";

/** Begins the trace of an attempt. */
export function traceAttempt(emitters: Emitters, attempt: TracedAttempt): AttemptTrace {
  return new OpenAttempt(emitters, attempt);
}

type Ended = Extract<EmittedEvent, { name: "attempt.ended" }>;

/** What a settling does, as its span names it. */
const settleOperations = {
  completed: "complete",
  continued: "complete",
  retried: "fail",
  failed: "fail",
  rescheduled: "reschedule",
  released: "release",
} as const satisfies Record<TracedSettling["outcome"], Operation["name"]>;

/** The spans of one settling. They end with the attempt, or are dropped with the transaction that rolled back. */
interface OpenSettling {
  readonly operation: Operation;
  readonly span: Span | undefined;
  /** Until it has ended. */
  continuation: Span | undefined;
  readonly startedAtMs: number;
}

/**
 * An attempt. Its span is there from the beginning, for what the handler does stands beneath it; it ends, and is exported, when it is settled and
 * that has committed (P6). An attempt whose process dies, or whose commit is in doubt, is never told.
 */
class OpenAttempt implements AttemptTrace {
  readonly #emitters: Emitters;
  readonly #attempt: TracedAttempt;
  readonly #stored: StoredTrace;
  readonly #span: Span;
  readonly #isChild: boolean;
  /** Has the span. */
  readonly #context: Context;
  readonly #startedAtMs: number = performance.now();
  #settling: OpenSettling | undefined;

  constructor(emitters: Emitters, attempt: TracedAttempt) {
    const { options } = emitters;
    const stored: StoredTrace =
      options.traceMode === "none"
        ? { creation: undefined }
        : decodeStoredTrace(attempt.traceContext);
    this.#emitters = emitters;
    this.#attempt = attempt;
    this.#stored = stored;
    this.#isChild = isChildOfCreation(stored, attempt, options);
    const base = options.hasBaggage ? (stored.context ?? ROOT_CONTEXT) : ROOT_CONTEXT;
    const parent = this.#isChild ? trace.setSpanContext(base, stored.creation!) : base;
    this.#span = startProcessSpan(emitters, attempt, stored, this.#isChild, parent);
    this.#context = trace.setSpan(base, this.#span);
    traceBlockers(emitters, attempt, stored);
  }

  run<TResult>(handle: () => Promise<TResult>): Promise<TResult> {
    return contexts.with(this.#context, handle);
  }

  settling(settling: TracedSettling): SettlingTrace {
    const nothing = { traceContext: undefined, nextTraceContext: undefined };
    return guarded(() => this.#beginSettling(settling), nothing);
  }

  #beginSettling({ outcome, next }: TracedSettling): SettlingTrace {
    const operation: Operation = {
      name: settleOperations[outcome],
      type: "settle",
      destination: this.#attempt.type,
    };
    const hasSpans = this.#emitters.options.instrument.settle;
    const span = hasSpans ? this.#startSettleSpan(operation) : undefined;
    const continuation =
      next === undefined || span === undefined
        ? undefined
        : startJobSpan(this.#emitters, "continue_with", next, trace.setSpan(this.#context, span));
    this.#settling = { operation, span, continuation, startedAtMs: performance.now() };
    const attempt = this.#span.spanContext();
    return {
      traceContext: encodeEnded(this.#emitters, attempt, this.#stored),
      nextTraceContext:
        next === undefined
          ? undefined
          : encodeCreation(this.#emitters, continuation?.spanContext() ?? attempt, {
              predecessor: attempt,
              // The trace goes on for as long as attempts are children of what created them.
              ...(this.#isChild ? { sinceMs: this.#stored.sinceMs } : {}),
            }),
    };
  }

  record(events: readonly EmittedEvent[]): void {
    for (const event of events) {
      if (event.name === "job.continued") this.#endContinuation();
      if (event.name === "attempt.ended") this.#end(event);
    }
    emitEvents(this.#emitters, events, this.#context);
  }

  #startSettleSpan(operation: Operation): Span {
    const { tracer, system } = this.#emitters;
    return tracer.startSpan(
      `${operation.name} ${this.#attempt.type}`,
      {
        kind: SpanKind.CLIENT,
        attributes: { ...operationAttributes(system, operation), ...jobAttributes(this.#attempt) },
      },
      this.#context,
    );
  }

  #end(event: Ended): void {
    const errorType = attemptErrorType(event, this.#emitters.options.errorType);
    // What the fence refused has settled nothing.
    if (event.outcome !== "lost" && event.outcome !== "cancelled")
      this.#endSettling(event, errorType);
    this.#span.setAttributes(outcomeAttributes(event));
    if (errorType !== undefined) setError(this.#span, errorType, event.error);
    // By the engine's measure, which leaves out how long the outcome waited for the database.
    this.#span.end(Math.min(performance.now(), this.#startedAtMs + event.durationMs));
  }

  #endContinuation(): void {
    this.#settling?.continuation?.end();
    if (this.#settling !== undefined) this.#settling.continuation = undefined;
  }

  #endSettling(event: Ended, errorType: string | undefined): void {
    if (this.#settling === undefined) return;
    const { operation, span, startedAtMs } = this.#settling;
    this.#emitters.metrics.recordOperation(operation, performance.now() - startedAtMs);
    // `job.continued` has ended it, unless the first reply was lost: a settlement that had taken effect comes without its events.
    if (event.outcome === "continued") this.#endContinuation();
    if (span === undefined) return;
    span.setAttributes(outcomeAttributes(event));
    if (errorType !== undefined) span.setAttribute(names.errorType, errorType);
    span.end();
  }
}

function startProcessSpan(
  { tracer, system, options }: Emitters,
  attempt: TracedAttempt,
  stored: StoredTrace,
  isChild: boolean,
  parent: Context,
): Span {
  const operation: Operation = { name: "process", type: "process", destination: attempt.type };
  const { traceMode } = options;
  const applied = isChild ? "parent" : traceMode === "none" ? "none" : "link";
  return tracer.startSpan(
    `process ${attempt.type}`,
    {
      kind: SpanKind.CONSUMER,
      attributes: {
        ...operationAttributes(system, operation),
        ...jobAttributes(attempt),
        [names.clientId]: attempt.workerName,
        [own.waitDuration]: toSeconds(attempt.waitMs),
        [own.traceMode]: applied,
      },
      links: traceMode === "none" ? [] : [...linksOf(attempt, stored)],
    },
    parent,
  );
}

/** To what created the job, to the attempt before, to the job before, and to what completed its blockers. */
function linksOf(attempt: TracedAttempt, stored: StoredTrace): readonly Link[] {
  return [
    ...linkTo(stored.creation, "creation"),
    ...linkTo(stored.attempt, "previous_attempt"),
    ...linkTo(stored.predecessor, "predecessor"),
    ...attempt.blockers.slice(0, linkCountMax).flatMap((blocker) => linkToBlocker(blocker)),
  ];
}

function jobAttributes(attempt: TracedAttempt): Attributes {
  return {
    [names.messageId]: attempt.jobId,
    [names.conversationId]: attempt.chainId,
    [own.chainType]: attempt.chainType,
    [own.attempt]: attempt.attempt,
  };
}

function outcomeAttributes({ outcome, reason, retryInMs, atMs }: Ended): Attributes {
  return {
    [own.outcome]: outcome,
    ...(reason === undefined ? {} : { [own.lostReason]: reason }),
    ...(retryInMs === undefined ? {} : { [own.retryAt]: new Date(atMs + retryInMs).toISOString() }),
  };
}
