import {
  SeverityNumber,
  type LoggerProvider,
  type MeterProvider,
  type TracerProvider,
} from "@opentelemetry/api";

import { errorTypeOf } from "./conventions/error-type.ts";
import { guarded } from "./guard.ts";

/**
 * How an attempt stands to the span that created its job. In every mode but `none` it has a link to it.
 *
 * - `auto`: its child, when the job was not scheduled for later, the attempt starts within `traceGapMsMax` of the job's creation and within
 *   `traceDurationMsMax` of the beginning of the trace; else the root of a trace of its own. Short chains read as one trace, and long ones do
 *   not outgrow what backends keep together.
 * - `parent`: always its child.
 * - `link`: always the root of a trace of its own.
 * - `none`: the root of a trace of its own, and nothing refers to anything.
 */
export type TraceMode = "auto" | "parent" | "link" | "none";

/** Which spans are made beside those of calls and attempts. */
export interface InstrumentOptions {
  /** A span for each claim that brought jobs. Default false. */
  receive?: boolean;
  /** Spans for the settling of attempts, and for continuations. Default true. */
  settle?: boolean;
  /** Spans for the chains of one `startChains` call: always, never, or for up to 20 chains. Default "auto". */
  createSpans?: boolean | "auto";
  /** Spans for `awaitChain`. Default true. */
  wait?: boolean;
  /** Spans for the blockers that a job has waited for. Default true. */
  blockers?: boolean;
}

/** An attempt that threw. */
export interface AttemptFailure {
  readonly attempt: number;
  readonly type: string;
  readonly willRetry: boolean;
}

/** How {@link createOpenTelemetry} works. */
export interface OpenTelemetryOptions {
  /** Default: the global one. */
  tracerProvider?: TracerProvider;
  /** Default: the global one. */
  meterProvider?: MeterProvider;
  /** Default: the global one. */
  loggerProvider?: LoggerProvider;
  /** Default "auto". */
  traceMode?: TraceMode;
  /** With `auto`: the longest time between a job's creation and an attempt in its trace, in ms. Default 300,000. */
  traceGapMsMax?: number;
  /** With `auto`: the longest time between the beginning of a trace and an attempt in it, in ms. Default 3,600,000. */
  traceDurationMsMax?: number;
  instrument?: InstrumentOptions;
  /** Also stores the baggage of whoever creates a job, and restores it in the handler. Default false. */
  hasBaggage?: boolean;
  /** The `error.type` of an error: a word out of few. `undefined` = the default: its code where that is a constant, else its class. */
  errorType?: (error: unknown) => string | undefined;
  /** How grave an attempt that threw is. Default: `ERROR`, as the conventions have it. */
  severity?: (error: unknown, failure: AttemptFailure) => SeverityNumber;
  /** A job that is retried after this many attempts counts as stuck, once, and is told of each time. Default 10. */
  stuckAfterAttempts?: number;
}

/** The options with every default filled in. */
export interface ResolvedOptions {
  readonly traceMode: TraceMode;
  readonly traceGapMsMax: number;
  readonly traceDurationMsMax: number;
  readonly instrument: Required<InstrumentOptions>;
  readonly hasBaggage: boolean;
  readonly errorType: (error: unknown) => string;
  readonly severity: (error: unknown, failure: AttemptFailure) => SeverityNumber;
  readonly stuckAfterAttempts: number;
}

export function resolveOptions(options: OpenTelemetryOptions): ResolvedOptions {
  const { errorType, severity } = options;
  return {
    traceMode: options.traceMode ?? "auto",
    traceGapMsMax: options.traceGapMsMax ?? 300_000,
    traceDurationMsMax: options.traceDurationMsMax ?? 3_600_000,
    instrument: {
      receive: false,
      settle: true,
      createSpans: "auto",
      wait: true,
      blockers: true,
      ...options.instrument,
    },
    hasBaggage: options.hasBaggage ?? false,
    errorType:
      errorType === undefined
        ? errorTypeOf
        : (error) => guarded(() => errorType(error), undefined) ?? errorTypeOf(error),
    severity: (error, failure) =>
      guarded(() => severity?.(error, failure), undefined) ?? SeverityNumber.ERROR,
    stuckAfterAttempts: options.stuckAfterAttempts ?? 10,
  };
}
