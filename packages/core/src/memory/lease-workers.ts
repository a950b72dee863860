import type { AttemptKey, NewWorker, RenewParams, RenewResult } from "../ports/state-adapter.ts";
import { startHeldJobs } from "./claim-jobs.ts";
import { heldJob, unheldReason } from "./fence.ts";
import { attemptUncounted, giveBackJob } from "./place-job.ts";
import { toInstantMs, type JobRow } from "./rows.ts";
import type { Writer } from "./writer.ts";

/** Makes a worker known and gives it a lease. A call that is repeated after a lost reply does no harm. */
export function registerWorker(writer: Writer, worker: NewWorker): void {
  const { workerId, name, host, pid, types, concurrency, leaseMs } = worker;
  writer.putWorker({
    workerId,
    name,
    host,
    pid,
    types: [...types],
    concurrency,
    startedAtMs: writer.nowMs,
    leaseUntilMs: toInstantMs(writer.nowMs + leaseMs),
  });
}

/** Extends a live lease and brings worker and store to agree on what the worker holds. */
export function renewWorker(writer: Writer, params: RenewParams): RenewResult {
  const { workerId } = params;
  if (!writer.isLive(workerId)) return { isLive: false, lost: [], releasedCount: 0 };
  writer.putWorker({
    ...writer.worker(workerId)!,
    leaseUntilMs: toInstantMs(writer.nowMs + params.leaseMs),
  });
  startHeldJobs(writer, workerId, params.started);
  for (const { value, ...key } of params.progress) {
    const held = heldJob(writer, workerId, key);
    if (held !== undefined) writer.putJob({ ...held, progress: value });
  }
  return {
    isLive: true,
    lost: lostJobs(writer, workerId, params.held),
    releasedCount: releaseUnknownJobs(writer, workerId, params.held),
  };
}

/** Ends a worker: what it holds goes back uncounted, and its row goes. */
export function removeWorker(writer: Writer, workerId: string): void {
  for (const row of runningJobs(writer, workerId)) releaseUncounted(writer, row);
  writer.delete("workers", workerId);
}

/** The jobs that a worker holds, in key order. A list of its own: it may be walked while rows are written. */
export function runningJobs(writer: Writer, workerId: string): readonly JobRow[] {
  return [...(writer.tables.jobIndex.running(workerId)?.ascending() ?? [])];
}

function lostJobs(
  writer: Writer,
  workerId: string,
  held: readonly AttemptKey[],
): RenewResult["lost"] {
  return held.flatMap(({ chainId, chainIndex, claimNo }) => {
    const key = { chainId, chainIndex, claimNo };
    if (heldJob(writer, workerId, key) !== undefined) return [];
    const reason = unheldReason(writer.job(key), workerId, claimNo);
    // What the worker has settled itself is not lost: the settlement's own reply tells it, or a repeat of it.
    return reason === "already" ? [] : [{ ...key, reason }];
  });
}

/** Gives back what the worker does not know it has: the reply to its claim was lost (trap A11). */
function releaseUnknownJobs(writer: Writer, workerId: string, held: readonly AttemptKey[]): number {
  const known = new Set(held.map(formatAttempt));
  const unknown = runningJobs(writer, workerId).filter((row) => !known.has(formatAttempt(row)));
  for (const row of unknown) releaseUncounted(writer, row);
  return unknown.length;
}

function formatAttempt(key: AttemptKey): string {
  return `${key.chainId}:${key.chainIndex}:${key.claimNo}`;
}

function releaseUncounted(writer: Writer, row: JobRow): void {
  writer.putJob({
    ...giveBackJob(row, writer.nowMs),
    attempt: attemptUncounted(row),
    completedBy: undefined,
  });
}
