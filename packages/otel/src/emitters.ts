import type { Attributes, Context, Tracer } from "@opentelemetry/api";
import type { EmittedEvent } from "queuert";

import type { EventLogger } from "./logs/event-logger.ts";
import type { MetricRecorder, StartOperation } from "./metrics/metric-recorder.ts";
import type { ResolvedOptions } from "./options.ts";
import type { RecentChains } from "./traces/recent-chains.ts";

/** What calls, attempts and workers are told with. One for each `createOpenTelemetry`. */
export interface Emitters {
  readonly tracer: Tracer;
  readonly metrics: MetricRecorder;
  readonly logger: EventLogger;
  readonly options: ResolvedOptions;
  /** What every span and metric has. */
  readonly system: Attributes;
  readonly recentChains: RecentChains;
}

/** Turns events that have committed into metrics and logs. `context` has the span that they belong to. */
export function emitEvents(
  { metrics, logger }: Emitters,
  events: readonly EmittedEvent[],
  context: Context | undefined,
  startOperation: StartOperation = "start_chain",
): void {
  for (const event of events) {
    metrics.recordEvent(event, startOperation);
    logger.logEvent(event, context);
  }
}
