import { logs, metrics, trace, type Context } from "@opentelemetry/api";
import type { EmittedEvent, Telemetry } from "queuert";

import {
  createSystemAttributes,
  hasOptedIn,
  schemaUrl,
  scopeName,
} from "./conventions/attributes.ts";
import { emitEvents, type Emitters } from "./emitters.ts";
import { guarded } from "./guard.ts";
import { createEventLogger } from "./logs/event-logger.ts";
import { createInstruments } from "./metrics/instruments.ts";
import { createMetricRecorder } from "./metrics/metric-recorder.ts";
import { createSlotObserver } from "./metrics/slot-observer.ts";
import { resolveOptions, type OpenTelemetryOptions } from "./options.ts";
import {
  startStateReporter,
  type StateReporter,
  type StateReporterOptions,
} from "./state/state-reporter.ts";
import type { StateReads } from "./state/state-snapshot.ts";
import { createRecentChains } from "./traces/recent-chains.ts";
import { traceAttempt } from "./traces/trace-attempt.ts";
import { traceCall } from "./traces/trace-call.ts";
import { traceDeferredStart } from "./traces/trace-deferred-start.ts";
import { traceWorker } from "./traces/trace-worker.ts";
import { version } from "./version.ts";

/** Beyond it the links of what waits for older chains are left out at the start; the attempt has them all the same. */
const recentChainCountMax = 1_000;

/** A client's telemetry, and the reports about the database. Made by {@link createOpenTelemetry}. */
export interface OpenTelemetry extends Telemetry {
  /**
   * Reports what the database holds as gauges: jobs by state, the age of the oldest ready job, live workers, open and failed chains. One process
   * of all that call it reports, see `reporter`. Stop it before the client is closed.
   */
  reportState(
    client: { readonly inspect: StateReads },
    options?: StateReporterOptions,
  ): StateReporter;
}

/**
 * Makes the telemetry of a client: `createClient({ …, telemetry: createOpenTelemetry() })`. Spans, metrics and log records of a change leave
 * when its transaction has committed, and never when it rolled back. Trace context goes with jobs by the global propagator.
 *
 * To be called after the global providers are set, where none are given. `OTEL_SEMCONV_STABILITY_OPT_IN=messaging` in the environment
 * leaves out the attributes of older conventions.
 */
export function createOpenTelemetry(options: OpenTelemetryOptions = {}): OpenTelemetry {
  const {
    tracerProvider = trace.getTracerProvider(),
    meterProvider = metrics.getMeterProvider(),
    loggerProvider = logs.getLoggerProvider(),
  } = options;
  const meter = meterProvider.getMeter(scopeName, version, { schemaUrl });
  const logger = loggerProvider.getLogger(scopeName, version, { schemaUrl });
  const resolved = resolveOptions(options);
  const system = createSystemAttributes(!hasOptedIn(environment("OTEL_SEMCONV_STABILITY_OPT_IN")));
  const emitters: Emitters = {
    tracer: tracerProvider.getTracer(scopeName, version, { schemaUrl }),
    metrics: createMetricRecorder(createInstruments(meter), system, resolved),
    logger: createEventLogger(logger, system, resolved),
    options: resolved,
    system,
    recentChains: createRecentChains(resolved.traceMode === "none" ? 0 : recentChainCountMax),
  };
  const slots = createSlotObserver(meter);
  const ownWorkerIds = new Set<string>();
  return {
    record(events) {
      for (const event of events) {
        noteWorker(ownWorkerIds, event);
        emitEvents(emitters, [event], contextOf(emitters, event));
      }
    },
    beginCall: (call) => guarded(() => traceCall(emitters, call), undefined),
    beginAttempt: (attempt) => guarded(() => traceAttempt(emitters, attempt), undefined),
    beginWorker: (worker) => traceWorker(emitters, slots, worker),
    reportState: (client, reporterOptions) =>
      startStateReporter(meter, client, ownWorkerIds, reporterOptions),
  };
}

/** The registrations of this process, for the election of the reporter: a lease that was lost brings another one. */
function noteWorker(ownWorkerIds: Set<string>, event: EmittedEvent): void {
  if (event.name === "worker.started") ownWorkerIds.add(event.workerId);
  if (event.name === "worker.stopped" || event.name === "worker.leaseLost")
    ownWorkerIds.delete(event.workerId);
}

/** The span that an event without a trace belongs to: only a start that nobody could observe has one. */
function contextOf(emitters: Emitters, event: EmittedEvent): Context | undefined {
  return event.name === "chain.started" ? traceDeferredStart(emitters, event) : undefined;
}

/** Core runs in browsers, too, and so may this. */
function environment(name: string): string | undefined {
  const { process } = globalThis as {
    readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> };
  };
  return process?.env?.[name];
}
