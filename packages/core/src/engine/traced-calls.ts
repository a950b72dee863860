import { formatJobId } from "../model/ids.ts";
import { scheduledAtMs } from "../model/schedule.ts";
import type { NewJob } from "../ports/state-adapter.ts";
import type { CallTrace, TracedJob } from "../ports/tracing.ts";

/** Runs the work of a call, and tells its trace how it went. Without a trace it costs nothing. */
export async function runTraced<TResult>(
  trace: CallTrace | undefined,
  run: () => Promise<TResult>,
): Promise<TResult> {
  if (trace === undefined) return run();
  try {
    const result = await run();
    trace.returned();
    return result;
  } catch (error) {
    trace.threw(error);
    throw error;
  }
}

/** A job that is about to be created, as telemetry is told of it. `nowMs` is the process's time. */
export function tracedJob(
  chainId: string,
  chainIndex: number | undefined,
  job: NewJob,
  nowMs: number,
): TracedJob {
  return {
    jobId: chainIndex === undefined ? undefined : formatJobId({ chainId, chainIndex }),
    chainId,
    type: job.type,
    scheduledAtMs: job.schedule === undefined ? undefined : scheduledAtMs(job.schedule, nowMs),
    blockerChainIds: job.blockers.map((blocker) => blocker.chainId),
  };
}
