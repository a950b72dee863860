// The public surface of `@queuert/otel`.
export { createOpenTelemetry, type OpenTelemetry } from "./create-open-telemetry.ts";
export type {
  AttemptFailure,
  InstrumentOptions,
  OpenTelemetryOptions,
  TraceMode,
} from "./options.ts";
export type { StateReporter, StateReporterOptions } from "./state/state-reporter.ts";
export type { StateReads } from "./state/state-snapshot.ts";
