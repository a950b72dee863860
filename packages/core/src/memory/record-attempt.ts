import { formatJobId } from "../model/ids.ts";
import { attemptCounted } from "./place-job.ts";
import type { AttemptRow, JobRow } from "./rows.ts";
import type { Writer } from "./writer.ts";

/** How many of the newest attempts are kept beside the first one. */
const newestCountMax = 24;

/** Records an attempt that did not succeed, of a job that is still held. What is kept per job is bounded (trap E2). */
export function recordAttempt(
  writer: Writer,
  held: JobRow,
  end: { readonly outcome: AttemptRow["outcome"]; readonly error: string | undefined },
): void {
  const rows = writer.tables.attempts.get(formatJobId(held)) ?? [];
  const row: AttemptRow = {
    attempt: attemptCounted(held),
    claimNo: held.claimNo,
    workerId: held.workerId!,
    outcome: end.outcome,
    startedAtMs: held.claimedAtMs!,
    endedAtMs: writer.nowMs,
    error: end.error,
  };
  const kept = rows.length > newestCountMax ? [rows[0]!, ...rows.slice(2)] : rows;
  writer.putAttempts(held, [...kept, row]);
}
