import type { JobKey, SettleEffects } from "queuert/adapter";

import type { Session, Statements } from "../connections/session.ts";
import { encodeOptional } from "../rows.ts";
import { releaseKey } from "./deduplicate.ts";
import { releaseDependants } from "./release-dependants.ts";

const ending =
  "status = ?, hold = NULL, attempt = ?, worker_id = NULL, completed_at = ?, completed_by = ?, trace_context = coalesce(?, trace_context), output = ?, error = ?";
const closedRoot = "dependents, is_keyed AS isKeyed, created_at AS createdAt";

export const finishJobStatements: Statements<"finishJob" | "finishRoot" | "closeRoot"> = {
  finishJob: `UPDATE {job} SET ${ending} WHERE chain_id = ? AND chain_index = ?`,
  // A chain of one job is finished by one update.
  finishRoot: `
    UPDATE {job} SET ${ending}, chain_status = ?, chain_closed_at = ? WHERE chain_id = ? AND chain_index = 0
    RETURNING ${closedRoot}`,
  closeRoot: `
    UPDATE {job} SET chain_status = ?, chain_closed_at = ? WHERE chain_id = ? AND chain_index = 0
    RETURNING ${closedRoot}`,
};

/** How a job ends. */
export interface Ending {
  readonly status: "completed" | "continued" | "failed" | "cancelled";
  /** Attempts that count, this one included. */
  readonly attempt: number;
  /** The worker that settled it; `undefined` = done without a worker. */
  readonly completedBy: string | undefined;
  /** Takes the place of the job's; `undefined` leaves that as it is. */
  readonly traceContext: string | undefined;
  readonly output: string | undefined;
  readonly error: string | undefined;
}

interface ClosedRoot {
  readonly dependents: number;
  readonly isKeyed: number;
  readonly createdAt: number;
}

/**
 * Ends a job. Unless it is continued its chain closes with it: what waits for a completed chain is released, and the deduplication key of one
 * that can never open again is given up. All in the session's transaction (P2).
 */
export function finishJob(session: Session, key: JobKey, job: Ending): SettleEffects {
  const { nowMs } = session;
  const values = [
    job.status,
    job.attempt,
    nowMs,
    encodeOptional(job.completedBy),
    encodeOptional(job.traceContext),
    encodeOptional(job.output),
    encodeOptional(job.error),
  ] as const;
  if (job.status === "continued") {
    session.run(finishJobStatements.finishJob, ...values, key.chainId, key.chainIndex);
    return { unblocked: [] };
  }
  let root: ClosedRoot;
  if (key.chainIndex === 0) {
    root = session.first<ClosedRoot>(
      finishJobStatements.finishRoot,
      ...values,
      job.status,
      nowMs,
      key.chainId,
    )!;
  } else {
    session.run(finishJobStatements.finishJob, ...values, key.chainId, key.chainIndex);
    root = session.first<ClosedRoot>(
      finishJobStatements.closeRoot,
      job.status,
      nowMs,
      key.chainId,
    )!;
  }
  if (root.isKeyed === 1 && job.status !== "failed") releaseKey(session, key.chainId);
  const unblocked =
    root.dependents > 0 && job.status === "completed"
      ? releaseDependants(session, key.chainId)
      : [];
  return {
    chainStatus: job.status,
    chainDurationMs: Math.max(0, nowMs - root.createdAt),
    unblocked,
  };
}
