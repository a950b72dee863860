import type { ClaimedBlocker, ClaimedJob, ClaimRequest, JobKey } from "queuert/adapter";

import type { Session, Statements } from "../connections/session.ts";
import {
  claimableColumns,
  decodeClaimedJob,
  decodeOptional,
  type ClaimableRow,
  type Nullable,
} from "../rows.ts";
import { listPausedTypes } from "./list-paused-types.ts";

export const claimJobsStatements: Statements<
  "listReady" | "hasReady" | "claimJob" | "listBlockers" | "findRunning"
> = {
  // A probe into the order of the index: it costs what it returns, whatever the backlog (traps C8, C8b).
  listReady: `
    SELECT ${claimableColumns} FROM {job} INDEXED BY {job_by_readiness}
    WHERE status = 'ready' AND type = ? ORDER BY priority, ready_at, chain_id, chain_index LIMIT ?`,
  hasReady:
    "SELECT 1 FROM {job} INDEXED BY {job_by_readiness} WHERE status = 'ready' AND type = ? LIMIT 1",
  claimJob: `
    UPDATE {job} SET status = 'running', hold = ?, attempt = ?, claim_no = ?, worker_id = ?, claimed_at = ?, progress = NULL
    WHERE chain_id = ? AND chain_index = ?`,
  listBlockers: `
    SELECT edge.slot, edge.ordinal, edge.blocked_by_chain_id AS chainId, last.chain_type AS chainType, last.type,
      last.output, last.trace_context AS traceContext, last.completed_at AS closedAt
    FROM {job_blocker} AS edge JOIN {job} AS last ON last.chain_id = edge.blocked_by_chain_id
      AND last.chain_index = (SELECT max(chain_index) FROM {job} WHERE chain_id = edge.blocked_by_chain_id)
    WHERE edge.chain_id = ? AND edge.chain_index = ? ORDER BY edge.slot, edge.ordinal`,
  findRunning: `SELECT ${claimableColumns}, claimed_at AS claimedAt FROM {job}
    WHERE chain_id = ? AND chain_index = ? AND status = 'running' AND worker_id = ? AND claim_no = 1`,
};

/** Takes ready jobs for a worker whose lease is live. Suspect jobs come first, then the others as they were found. */
export function claimJobs(
  session: Session,
  workerId: string,
  request: ClaimRequest,
): readonly ClaimedJob[] {
  const { nowMs } = session;
  return inOrderOfClaim(listClaimable(session, request)).map((row, place) => {
    const isStarted = place < request.slots || row.hold === "suspect";
    const claim = {
      claimNo: row.claimNo + 1,
      attempt: row.attempt + 1,
      isStarted,
      claimedAtMs: nowMs,
      blockers: listBlockers(session, row),
    };
    session.run(
      claimJobsStatements.claimJob,
      isStarted ? null : "held",
      isStarted ? claim.attempt : row.attempt,
      claim.claimNo,
      workerId,
      nowMs,
      row.chainId,
      row.chainIndex,
    );
    return decodeClaimedJob(row, claim);
  });
}

function listClaimable(
  session: Session,
  { types, slots, ahead }: ClaimRequest,
): readonly ClaimableRow[] {
  const paused = listPausedTypes(session);
  const rows: ClaimableRow[] = [];
  const asked = new Set<string>();
  for (const { type, limit } of types) {
    const room = Math.min(limit, slots + ahead - rows.length);
    if (room <= 0 || paused.has(type) || asked.has(type)) continue;
    asked.add(type);
    rows.push(...session.all<ClaimableRow>(claimJobsStatements.listReady, type, room));
  }
  return rows;
}

function inOrderOfClaim(rows: readonly ClaimableRow[]): readonly ClaimableRow[] {
  return [
    ...rows.filter((row) => row.hold === "suspect"),
    ...rows.filter((row) => row.hold !== "suspect"),
  ];
}

/** Whether a claim would find anything. Asked on a reader, so that an idle worker never takes the write lock. */
export function hasClaimable(session: Session, { types, slots, ahead }: ClaimRequest): boolean {
  if (slots + ahead <= 0) return false;
  const paused = listPausedTypes(session);
  return types.some(
    ({ type, limit }) =>
      limit > 0 &&
      !paused.has(type) &&
      session.first(claimJobsStatements.hasReady, type) !== undefined,
  );
}

interface BlockerRow extends Omit<ClaimedBlocker, "output" | "traceContext" | "closedAt"> {
  readonly output: Nullable<string>;
  readonly traceContext: Nullable<string>;
  readonly closedAt: number;
}

/** The outputs of what a job waited for; nothing is asked for a job without blockers. */
function listBlockers(session: Session, row: ClaimableRow): readonly ClaimedBlocker[] {
  if (row.blockerCount === 0) return [];
  const rows = session.all<BlockerRow>(
    claimJobsStatements.listBlockers,
    row.chainId,
    row.chainIndex,
  );
  return rows.map(({ output, traceContext, closedAt, ...blocker }) => ({
    ...blocker,
    output: decodeOptional(output),
    traceContext: decodeOptional(traceContext),
    closedAt: new Date(closedAt),
  }));
}

/** A sticky continuation: the job that the worker got by continuing. `undefined` when it is not its own any more. */
export function findSticky(
  session: Session,
  workerId: string,
  key: JobKey,
): ClaimedJob | undefined {
  const row = session.first<ClaimableRow & { claimedAt: number }>(
    claimJobsStatements.findRunning,
    key.chainId,
    key.chainIndex,
    workerId,
  );
  if (row === undefined) return undefined;
  return decodeClaimedJob(row, {
    claimNo: 1,
    attempt: row.attempt,
    isStarted: true,
    claimedAtMs: row.claimedAt,
    blockers: listBlockers(session, row),
  });
}
