import type { AttemptKey, JobStatus, LostReason } from "queuert/adapter";

import type { Session } from "../connections/session.ts";
import type { Nullable } from "../rows.ts";

export const attemptFenceStatements = {
  findAttempt: `
    SELECT type, chain_type AS chainType, status, hold, attempt, claim_no AS claimNo, worker_id AS workerId, claimed_at AS claimedAt,
      completed_by AS completedBy
    FROM {job} WHERE chain_id = ? AND chain_index = ?`,
  noteStarted: `
    UPDATE {job} SET hold = NULL, attempt = attempt + 1
    WHERE chain_id = ? AND chain_index = ? AND status = 'running' AND worker_id = ? AND claim_no = ? AND hold = 'held'`,
} as const;

/** What the fence looks at, and what settling needs beside it. */
export interface FencedJob {
  readonly type: string;
  readonly chainType: string;
  readonly status: JobStatus;
  readonly hold: Nullable<"held" | "suspect">;
  readonly attempt: number;
  readonly claimNo: number;
  readonly workerId: Nullable<string>;
  readonly claimedAt: Nullable<number>;
  readonly completedBy: Nullable<string>;
}

export function findAttempt(session: Session, key: AttemptKey): FencedJob | undefined {
  return session.first<FencedJob>(attemptFenceStatements.findAttempt, key.chainId, key.chainIndex);
}

/** P3: whether the job still belongs to this very attempt. */
export function isHeldBy(job: FencedJob, workerId: string, claimNo: number): boolean {
  return job.status === "running" && job.workerId === workerId && job.claimNo === claimNo;
}

/** Whether this attempt's outcome was written before. A job that runs has been claimed, or reaped, since. */
export function isSettledBy(job: FencedJob, workerId: string, claimNo: number): boolean {
  return job.status !== "running" && job.claimNo === claimNo && job.completedBy === workerId;
}

/** Why an attempt does not hold its job; `undefined` = the job is not there. */
export function lostReason(job: FencedJob | undefined, claimNo: number): LostReason {
  if (job === undefined) return "deleted";
  if (job.status === "cancelled") return "cancelled";
  const isEnded = job.status === "completed" || job.status === "continued";
  return isEnded && job.claimNo === claimNo && job.completedBy === null
    ? "completedElsewhere"
    : "leaseLost";
}

/** The number of the attempt at hand: one that was claimed ahead counts from when it begins. */
export function attemptNumber(job: {
  readonly attempt: number;
  readonly hold: Nullable<"held" | "suspect">;
}): number {
  return job.hold === null ? job.attempt : job.attempt + 1;
}

/** Counts the attempts of held jobs that have begun (P5). Those that are not held any more are ignored. */
export function noteStarted(
  session: Session,
  workerId: string,
  started: readonly AttemptKey[],
): void {
  for (const { chainId, chainIndex, claimNo } of started)
    session.run(attemptFenceStatements.noteStarted, chainId, chainIndex, workerId, claimNo);
}
