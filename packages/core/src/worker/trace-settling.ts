import { tracedJob } from "../engine/traced-calls.ts";
import type { Clock } from "../ports/clock.ts";
import type { Outcome, Settlement } from "../ports/state-adapter.ts";
import type { Attempt } from "./attempt.ts";

/** An outcome that is about to be offered, with what telemetry stores beside it. */
export function traceSettling(
  { job, trace }: Attempt,
  outcome: Outcome,
  clock: Clock,
): Pick<Settlement, "outcome" | "traceContext"> {
  if (trace === undefined) return { outcome };
  if (outcome.kind !== "continued") {
    const { traceContext } = trace.settling({ outcome: outcome.kind, next: undefined });
    return { outcome, traceContext };
  }
  const next = tracedJob(job.chainId, job.chainIndex + 1, outcome.next, clock.now());
  const { traceContext, nextTraceContext } = trace.settling({ outcome: "continued", next });
  return {
    outcome: { ...outcome, next: { ...outcome.next, traceContext: nextTraceContext } },
    traceContext,
  };
}
