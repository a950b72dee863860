import type { LostReason } from "../errors/attempt-errors.ts";
import { isFinalJobStatus } from "../model/status.ts";
import type { AttemptKey } from "../ports/state-adapter.ts";
import type { JobRow } from "./rows.ts";
import type { Writer } from "./writer.ts";

/** The job of an attempt that this worker holds; `undefined` when the fence refuses (P3). */
export function heldJob(writer: Writer, workerId: string, key: AttemptKey): JobRow | undefined {
  const row = writer.job(key);
  return row?.status === "running" && row.workerId === workerId && row.claimNo === key.claimNo
    ? row
    : undefined;
}

/** What became of an attempt that this worker does not hold: it settled it itself (`already`), or lost it. */
export function unheldReason(
  row: JobRow | undefined,
  workerId: string,
  claimNo: number,
): LostReason | "already" {
  if (row === undefined) return "deleted";
  if (row.status === "cancelled") return "cancelled";
  if (row.claimNo !== claimNo || row.status === "running") return "leaseLost";
  if (row.completedBy === workerId) return "already";
  // Nobody but reap fails a job without a worker, and it does so for a lease that ended.
  return row.completedBy === undefined && isFinalJobStatus(row.status) && row.status !== "failed"
    ? "completedElsewhere"
    : "leaseLost";
}
