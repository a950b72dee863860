import type { AttemptLimit, JobKey, ReapResult } from "queuert/adapter";

import type { Session, Statements } from "../connections/session.ts";
import type { Nullable } from "../rows.ts";
import { attemptNumber } from "./attempt-fence.ts";
import { finishJob } from "./finish-job.ts";
import { recordFailure } from "./record-failure.ts";

// Workers that are gone have no row at all.
const ofDeadWorkers =
  "status = 'running' AND worker_id NOT IN (SELECT worker_id FROM {worker} WHERE lease_until > ?)";
const ofTypes = "type IN (SELECT value FROM json_each(?))";
const isIdle = `dead.lease_until <= ?
  AND NOT EXISTS (SELECT 1 FROM {job} INDEXED BY {job_running} WHERE status = 'running' AND worker_id = dead.worker_id)`;

export const reapJobsStatements: Statements<"hasReapable" | "listLost" | "putBack" | "deleteIdle"> =
  {
    hasReapable: `
    SELECT 1 FROM {job} INDEXED BY {job_running} WHERE ${ofDeadWorkers} AND ${ofTypes}
    UNION ALL
    SELECT 1 FROM {worker} AS dead WHERE ${isIdle}
    LIMIT 1`,
    // Held by workers, so no more than they can run: the lost ones are found wherever they stand among the healthy (trap A6).
    listLost: `
    SELECT chain_id AS chainId, chain_index AS chainIndex, type, chain_type AS chainType, hold, attempt, claim_no AS claimNo,
      worker_id AS workerId, claimed_at AS claimedAt
    FROM {job} INDEXED BY {job_running} WHERE ${ofDeadWorkers} AND ${ofTypes} ORDER BY chain_id, chain_index LIMIT ?`,
    putBack: `
    UPDATE {job} SET status = 'ready', hold = 'suspect', worker_id = NULL, completed_by = NULL, ready_at = ? WHERE chain_id = ? AND chain_index = ?`,
    deleteIdle: `DELETE FROM {worker} AS dead WHERE ${isIdle} RETURNING worker_id AS workerId`,
  };

interface LostJob extends JobKey {
  readonly type: string;
  readonly chainType: string;
  readonly hold: Nullable<"held" | "suspect">;
  readonly attempt: number;
  readonly claimNo: number;
  readonly workerId: string;
  readonly claimedAt: number;
}

export interface ReapParams {
  readonly limit: number;
  readonly attemptLimits: readonly AttemptLimit[];
}

/** Whether `reapJobs` would change anything. Asked on a reader, since every worker asks on every beat. */
export function hasReapable(session: Session, { limit, attemptLimits }: ReapParams): boolean {
  const { nowMs } = session;
  return (
    limit > 0 &&
    session.first(reapJobsStatements.hasReapable, nowMs, encodeTypes(attemptLimits), nowMs) !==
      undefined
  );
}

/** Takes the jobs of dead workers. Those of types that no limit names stay as they are, for workers that know them (trap A7). */
export function reapJobs(session: Session, { limit, attemptLimits }: ReapParams): ReapResult {
  const { nowMs } = session;
  const limits = new Map(attemptLimits.map((attemptLimit) => [attemptLimit.type, attemptLimit]));
  const lost = session.all<LostJob>(
    reapJobsStatements.listLost,
    nowMs,
    encodeTypes(attemptLimits),
    limit + 1,
  );
  const reaped = lost.slice(0, limit).map((job) => reapJob(session, job, limits.get(job.type)!));
  const gone = session.all<{ workerId: string }>(reapJobsStatements.deleteIdle, nowMs);
  return {
    reaped,
    workerIds: gone.map(({ workerId }) => workerId).toSorted(),
    isMore: lost.length > limit,
  };
}

function reapJob(
  session: Session,
  job: LostJob,
  limit: AttemptLimit,
): ReapResult["reaped"][number] {
  const { chainId, chainIndex, claimNo, type, chainType, workerId } = job;
  const isStarted = job.hold === null;
  const isFailed = isStarted && job.attempt >= limit.attemptCountMax;
  if (isStarted) {
    recordFailure(session, {
      chainId,
      chainIndex,
      claimNo,
      attempt: job.attempt,
      workerId,
      outcome: "lost",
      startedAtMs: job.claimedAt,
      // Nobody knows what ended it.
      error: undefined,
    });
  }
  const attempt = attemptNumber(job);
  const reaped = { chainId, chainIndex, claimNo, type, chainType, attempt, workerId };
  if (!isFailed) {
    session.run(reapJobsStatements.putBack, session.nowMs, chainId, chainIndex);
    return { ...reaped, outcome: "released" };
  }
  const { chainDurationMs } = finishJob(session, job, {
    status: "failed",
    attempt: job.attempt,
    completedBy: undefined,
    traceContext: undefined,
    output: undefined,
    error: limit.error,
  });
  return { ...reaped, outcome: "failed", chainDurationMs: chainDurationMs! };
}

function encodeTypes(attemptLimits: readonly AttemptLimit[]): string {
  return JSON.stringify(attemptLimits.map(({ type }) => type));
}
