import {
  propagation,
  ROOT_CONTEXT,
  trace,
  type Context,
  type SpanContext,
} from "@opentelemetry/api";

/** What is stored with a job, for those who come after it: in other processes, hours later. */
export interface StoredTrace {
  /** The span that created the job. */
  readonly creation: SpanContext | undefined;
  /** The last attempt that was settled: the one before, or for a chain that has completed the one that completed it. */
  readonly attempt?: SpanContext | undefined;
  /** The attempt that continued with this job. */
  readonly predecessor?: SpanContext | undefined;
  /** When the trace of `creation` began, in ms since the epoch: a loop of continuations would else make it grow for ever. */
  readonly sinceMs?: number | undefined;
  /** Carries the baggage, where that was opted in. */
  readonly context?: Context | undefined;
}

/** The longest that is stored. Beyond it what vendors add (`tracestate`, baggage) is left out. */
const lengthMax = 512;

type Carrier = Record<string, unknown>;

/** Writes by the global propagator: JSON text, or `undefined` when there is nothing to tell. */
export function encodeStoredTrace(stored: StoredTrace): string | undefined {
  if (stored.creation === undefined && stored.attempt === undefined) return undefined;
  const full = JSON.stringify(toCarrier(stored, (carrier) => carrier));
  const text =
    full.length <= lengthMax ? full : JSON.stringify(toCarrier(stored, withoutVendorFields));
  return text.length <= lengthMax && text !== "{}" ? text : undefined;
}

function toCarrier(stored: StoredTrace, reduce: (carrier: Carrier) => Carrier): Carrier {
  const { creation, attempt, predecessor, sinceMs, context = ROOT_CONTEXT } = stored;
  const inject = (spanContext: SpanContext, base: Context): Carrier => {
    const carrier: Carrier = {};
    propagation.inject(trace.setSpanContext(base, spanContext), carrier);
    return reduce(carrier);
  };
  return {
    ...(creation === undefined ? {} : inject(creation, context)),
    ...(attempt === undefined ? {} : { attempt: inject(attempt, ROOT_CONTEXT) }),
    ...(predecessor === undefined ? {} : { predecessor: inject(predecessor, ROOT_CONTEXT) }),
    ...(sinceMs === undefined ? {} : { since: Math.round(sinceMs) }),
  };
}

function withoutVendorFields({
  tracestate: _state,
  baggage: _baggage,
  ...carrier
}: Carrier): Carrier {
  return carrier;
}

/** Reads what was stored; what is no such text tells nothing. */
export function decodeStoredTrace(text: string | undefined): StoredTrace {
  const carrier = text === undefined ? undefined : parseCarrier(text);
  if (carrier === undefined) return { creation: undefined };
  const context = propagation.extract(ROOT_CONTEXT, carrier);
  const { attempt, predecessor, since } = carrier;
  return {
    creation: validSpanContext(context),
    attempt: extractNested(attempt),
    predecessor: extractNested(predecessor),
    sinceMs: typeof since === "number" ? since : undefined,
    context: trace.deleteSpan(context),
  };
}

function parseCarrier(text: string): Carrier | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isCarrier(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isCarrier(value: unknown): value is Carrier {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function extractNested(carrier: unknown): SpanContext | undefined {
  return isCarrier(carrier)
    ? validSpanContext(propagation.extract(ROOT_CONTEXT, carrier))
    : undefined;
}

function validSpanContext(context: Context): SpanContext | undefined {
  const spanContext = trace.getSpanContext(context);
  return spanContext !== undefined && trace.isSpanContextValid(spanContext)
    ? spanContext
    : undefined;
}
