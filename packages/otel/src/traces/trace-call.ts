import {
  context as contexts,
  trace,
  type Context,
  type Link,
  type Span,
  type SpanContext,
} from "@opentelemetry/api";
import type { CallTrace, EmittedEvent, TracedCall, TracedJob } from "queuert";

import { attributeNames as names, ownAttributeNames as own } from "../conventions/attributes.ts";
import { operationAttributes } from "../conventions/operations.ts";
import { emitEvents, type Emitters } from "../emitters.ts";
import { guarded } from "../guard.ts";
import { shapeCall, type CallShape } from "./call-shapes.ts";
import { encodeCreation, encodeEnded, setError, startJobSpan } from "./spans.ts";
import { decodeStoredTrace } from "./stored-trace.ts";
import { linkTo } from "./trace-context.ts";

/** The code of an `AwaitChainTimeoutError`. */
const timeoutCode = "AWAIT_CHAIN_TIMEOUT";

/** Begins the trace of a call; `undefined` where it is not wanted. */
export function traceCall(emitters: Emitters, call: TracedCall): CallTrace | undefined {
  const { options, recentChains } = emitters;
  if (call.name === "awaitChain" && !options.instrument.wait) return undefined;
  const shape = shapeCall(call, recentChains, options.instrument.createSpans);
  const isObserved = !("isObserved" in call) || call.isObserved;
  return isObserved ? new OpenCall(emitters, shape) : new UnobservedCall(emitters, shape.jobs);
}

/**
 * A call with a span of its own, and perhaps one for each job that it creates. They are ended when its transaction has committed: a span that is
 * never ended is never exported, so a rollback has nothing to take back (P6). They end at the time at which the write was done.
 */
class OpenCall implements CallTrace {
  readonly traceContexts: readonly (string | undefined)[];
  readonly endedTraceContext: string | undefined;
  readonly #emitters: Emitters;
  readonly #shape: CallShape;
  readonly #span: Span;
  readonly #jobSpans: readonly Span[];
  readonly #context: Context;
  readonly #startedAtMs: number = performance.now();
  #endedAtMs: number | undefined;

  constructor(emitters: Emitters, shape: CallShape) {
    const { jobs, jobSpans } = shape;
    const ambient = contexts.active();
    const startSpans = (name: "create" | "continue_with", parent: Context): readonly Span[] =>
      jobs.map((job) => startJobSpan(emitters, name, job, parent));
    // Before the call's own, which links to them.
    const createSpans = jobSpans === "create" ? startSpans("create", ambient) : [];
    this.#emitters = emitters;
    this.#shape = shape;
    this.#span = startCallSpan(emitters, shape, linksToJobs(createSpans, jobs), ambient);
    this.#context = trace.setSpan(ambient, this.#span);
    this.#jobSpans =
      jobSpans === "continue" ? startSpans("continue_with", this.#context) : createSpans;
    const creations = jobs.map((_job, index) => this.#creationOf(index));
    jobs.forEach(({ chainId }, index) => emitters.recentChains.note(chainId, creations[index]!));
    this.traceContexts = creations.map((creation) => encodeCreation(emitters, creation));
    this.endedTraceContext = encodeEnded(emitters, this.#span.spanContext());
  }

  returned(): void {
    this.#endedAtMs = performance.now();
  }

  /** Told at once: that a call failed is true whatever becomes of its transaction. */
  threw(error: unknown): void {
    this.returned();
    guarded(() => this.#tellError(error), undefined);
  }

  #tellError(error: unknown): void {
    const { options, metrics, logger, system } = this.#emitters;
    const { operation, jobs } = this.#shape;
    const errorType = options.errorType(error);
    setError(this.#span, errorType, error);
    const isWait = operation.name === "wait";
    if (isWait) this.#span.setAttribute(own.isTimedOut, errorType === timeoutCode);
    this.#span.end(this.#endedAtMs);
    if (isWait) return;
    metrics.recordOperation(operation, this.#durationMs, errorType);
    for (const { type } of jobs) metrics.recordUnsent(operation, type, errorType);
    const kind = operation.type === "send" ? "send" : "settle";
    logger.logException(kind, error, operationAttributes(system, operation), this.#context);
  }

  record(events: readonly EmittedEvent[]): void {
    for (const event of events) {
      if (event.name === "chain.deduplicated") this.#noteDuplicate(event.traceContext);
    }
    for (const span of [...this.#jobSpans, this.#span]) span.end(this.#endedAtMs);
    const { operation } = this.#shape;
    // How long somebody waited for a chain says nothing about the client.
    if (operation.name !== "wait")
      this.#emitters.metrics.recordOperation(operation, this.#durationMs);
    const startOperation = operation.name === "start_chains" ? operation.name : "start_chain";
    emitEvents(this.#emitters, events, this.#context, startOperation);
  }

  #noteDuplicate(traceContext: string | undefined): void {
    this.#span.setAttribute(own.isDeduplicated, true);
    const { creation } = decodeStoredTrace(traceContext);
    for (const link of linkTo(creation, "deduplicated")) this.#span.addLink(link);
  }

  #creationOf(index: number): SpanContext {
    return (this.#jobSpans[index] ?? this.#span).spanContext();
  }

  get #durationMs(): number {
    return this.#endedAtMs! - this.#startedAtMs;
  }
}

function startCallSpan(
  { tracer, system }: Emitters,
  { spanName, kind, operation, attributes, links }: CallShape,
  jobLinks: readonly Link[],
  parent: Context,
): Span {
  return tracer.startSpan(
    spanName,
    {
      kind,
      attributes: { ...operationAttributes(system, operation), ...attributes },
      links: [...links, ...jobLinks],
    },
    parent,
  );
}

function linksToJobs(spans: readonly Span[], jobs: readonly TracedJob[]): readonly Link[] {
  return spans.flatMap((span, index) =>
    linkTo(span.spanContext(), "message", { [names.messageId]: jobs[index]?.jobId }),
  );
}

/**
 * A call whose commit nobody will hear of: it has no span. What it creates belongs to the trace that is active, and the first claim tells of
 * it.
 */
class UnobservedCall implements CallTrace {
  readonly traceContexts: readonly (string | undefined)[];

  constructor(emitters: Emitters, jobs: readonly TracedJob[]) {
    const active = trace.getSpanContext(contexts.active());
    const text = active === undefined ? undefined : encodeCreation(emitters, active);
    this.traceContexts = jobs.map(() => text);
  }

  returned(): void {}
  threw(): void {}
  record(): void {}
}
