import type { AttemptLimit, ReapResult } from "../ports/state-adapter.ts";
import { take } from "./ordered-set.ts";
import { attemptCounted, giveBackJob } from "./place-job.ts";
import { recordAttempt } from "./record-attempt.ts";
import { compareText, type JobRow } from "./rows.ts";
import { failJob } from "./settle-attempts.ts";
import type { Writer } from "./writer.ts";

/** Takes the jobs of workers that are gone, of the types whose limits are known here (trap A7). */
export function reapJobs(
  writer: Writer,
  params: { readonly limit: number; readonly attemptLimits: readonly AttemptLimit[] },
): ReapResult {
  const limits = new Map(params.attemptLimits.map((limit) => [limit.type, limit]));
  const lost = take(walkLostJobs(writer, limits), params.limit + 1);
  const reaped = lost
    .slice(0, params.limit)
    .map((row) => reapJob(writer, row, limits.get(row.type)!));
  return { reaped, workerIds: deleteIdleWorkers(writer), isMore: lost.length > params.limit };
}

function* walkLostJobs(
  writer: Writer,
  limits: ReadonlyMap<string, AttemptLimit>,
): Generator<JobRow, void> {
  const { jobIndex } = writer.tables;
  for (const workerId of sortByLease(writer, jobIndex.runningWorkerIds())) {
    for (const row of jobIndex.running(workerId)!.ascending()) if (limits.has(row.type)) yield row;
  }
}

/** Those of the workers that are not live: the ones without a row, then by the end of the lease. */
function sortByLease(writer: Writer, workerIds: Iterable<string>): readonly string[] {
  const leaseUntilMs = (workerId: string): number => writer.worker(workerId)?.leaseUntilMs ?? 0;
  return [...workerIds]
    .filter((workerId) => !writer.isLive(workerId))
    .toSorted(
      (left, right) => leaseUntilMs(left) - leaseUntilMs(right) || compareText(left, right),
    );
}

function reapJob(writer: Writer, row: JobRow, limit: AttemptLimit): ReapResult["reaped"][number] {
  const isUsedUp = row.isStarted && row.attempt >= limit.attemptCountMax;
  if (row.isStarted) recordAttempt(writer, row, { outcome: "lost", error: undefined });
  const effects = isUsedUp
    ? failJob(
        writer,
        { ...row, workerId: undefined, completedBy: undefined, isStarted: false },
        limit.error,
      )
    : undefined;
  if (effects === undefined)
    writer.putJob({ ...giveBackJob(row, writer.nowMs), completedBy: undefined, isSuspect: true });
  return {
    chainId: row.chainId,
    chainIndex: row.chainIndex,
    claimNo: row.claimNo,
    type: row.type,
    chainType: row.chainType,
    attempt: attemptCounted(row),
    workerId: row.workerId!,
    ...(effects === undefined
      ? { outcome: "released" }
      : { outcome: "failed", chainDurationMs: effects.chainDurationMs! }),
  };
}

/** Deletes the rows of workers whose lease has ended and that hold nothing any more. */
function deleteIdleWorkers(writer: Writer): readonly string[] {
  const { workers, jobIndex } = writer.tables;
  const workerIds = [...workers.rows()]
    .map(({ workerId }) => workerId)
    .filter((workerId) => jobIndex.running(workerId) === undefined);
  const gone = sortByLease(writer, workerIds);
  for (const workerId of gone) writer.delete("workers", workerId);
  return gone;
}
