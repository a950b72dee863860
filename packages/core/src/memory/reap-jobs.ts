import type { AttemptLimit, ReapResult } from "../ports/state-adapter.ts";
import { giveBackJob } from "./place-job.ts";
import { recordAttempt } from "./record-attempt.ts";
import { compareKeys, type JobRow } from "./rows.ts";
import { failJob } from "./settle-attempts.ts";
import type { Writer } from "./writer.ts";

/** Takes the jobs of workers that are gone, of the types whose limits are known here (trap A7). */
export function reapJobs(writer: Writer, params: { readonly limit: number; readonly attemptLimits: readonly AttemptLimit[] }): ReapResult {
  const limits = new Map(params.attemptLimits.map((limit) => [limit.type, limit]));
  const candidates = lostJobs(writer).filter((row) => limits.has(row.type));
  candidates.sort(compareKeys);
  const reaped = candidates.slice(0, params.limit).map((row) => reapJob(writer, row, limits.get(row.type)!));
  return { reaped, workerIds: deleteIdleWorkers(writer), isMore: candidates.length > params.limit };
}

/** The jobs of workers whose lease has ended, and of workers without a row. */
function lostJobs(writer: Writer): JobRow[] {
  const { jobIndex } = writer.tables;
  return [...jobIndex.runningWorkerIds()]
    .filter((workerId) => !writer.isLive(workerId))
    .flatMap((workerId) => [...jobIndex.running(workerId)!.ascending()]);
}

function reapJob(writer: Writer, row: JobRow, limit: AttemptLimit): ReapResult["reaped"][number] {
  const isUsedUp = row.isStarted && row.attempt >= limit.attemptCountMax;
  if (row.isStarted) recordAttempt(writer, row, { outcome: "lost", error: isUsedUp ? limit.error : undefined });
  if (isUsedUp) failJob(writer, { ...row, workerId: undefined, completedBy: undefined, isStarted: false }, limit.error);
  else writer.putJob({ ...giveBackJob(row, writer.nowMs), completedBy: undefined, isSuspect: row.isSuspect || !row.isStarted });
  return {
    chainId: row.chainId,
    chainIndex: row.chainIndex,
    claimNo: row.claimNo,
    type: row.type,
    chainType: row.chainType,
    attempt: row.attempt,
    workerId: row.workerId!,
    outcome: isUsedUp ? "failed" : "released",
  };
}

/** Deletes the rows of workers whose lease has ended and that hold nothing any more. */
function deleteIdleWorkers(writer: Writer): readonly string[] {
  const gone = [...writer.tables.workers.rows()]
    .map(({ workerId }) => workerId)
    .filter((workerId) => !writer.isLive(workerId) && writer.tables.jobIndex.running(workerId) === undefined);
  for (const workerId of gone) writer.delete("workers", workerId);
  return gone.toSorted();
}
