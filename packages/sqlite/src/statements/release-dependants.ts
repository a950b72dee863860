import { waitingStatus, type JobKey, type WakenedJob } from "queuert/adapter";

import type { Session } from "../connections/session.ts";

export const releaseDependantsStatements = {
  listEdges: `
    SELECT chain_id AS chainId, chain_index AS chainIndex, count(*) AS edgeCount
    FROM {job_blocker} WHERE blocked_by_chain_id = ? GROUP BY chain_id, chain_index`,
  countEdgesDown: `
    UPDATE {job} SET open_blockers = open_blockers - ?
    WHERE chain_id = ? AND chain_index = ? AND status = 'blocked'
    RETURNING type, created_at AS createdAt, scheduled_at AS scheduledAt, open_blockers AS openBlockers`,
  moveJob: "UPDATE {job} SET status = ?, ready_at = ? WHERE chain_id = ? AND chain_index = ?",
} as const;

interface Waiter {
  readonly type: string;
  readonly createdAt: number;
  readonly scheduledAt: number;
  readonly openBlockers: number;
}

/** Counts a completed chain off at the jobs that wait for it, and releases those that wait for nothing more (traps B7, B7b, Q1). */
export function releaseDependants(session: Session, chainId: string): readonly WakenedJob[] {
  const released: WakenedJob[] = [];
  for (const edge of session.all<JobKey & { edgeCount: number }>(
    releaseDependantsStatements.listEdges,
    chainId,
  )) {
    const { chainId: waitingChainId, chainIndex } = edge;
    const waiter = session.first<Waiter>(
      releaseDependantsStatements.countEdgesDown,
      edge.edgeCount,
      waitingChainId,
      chainIndex,
    );
    if (waiter === undefined || waiter.openBlockers > 0) continue;
    const status = waitingStatus(0, waiter.scheduledAt, session.nowMs) as "scheduled" | "ready";
    session.run(
      releaseDependantsStatements.moveJob,
      status,
      status === "ready" ? session.nowMs : null,
      waitingChainId,
      chainIndex,
    );
    const blockedMs = Math.max(0, session.nowMs - waiter.createdAt);
    released.push({ chainId: waitingChainId, chainIndex, type: waiter.type, status, blockedMs });
  }
  return released;
}
