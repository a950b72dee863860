import { diag } from "@opentelemetry/api";

/** Runs what may meet a sampler, a propagator or a hook of the user's: what throws there must not fail a job, and is told to OpenTelemetry's own log. */
export function guarded<TResult>(run: () => TResult, otherwise: TResult): TResult {
  try {
    return run();
  } catch (error) {
    diag.error("queuert: telemetry threw", error);
    return otherwise;
  }
}
