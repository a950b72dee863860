import type { PromoteResult } from "queuert/adapter";

import type { Session } from "../connections/session.ts";
import type { Nullable } from "../rows.ts";

export const promoteJobsStatements = {
  nextDue:
    "SELECT min(scheduled_at) AS dueAt FROM {job} INDEXED BY {job_by_schedule} WHERE status = 'scheduled'",
  hasExpiredKey:
    "SELECT 1 FROM {deduplication} INDEXED BY {deduplication_by_expiry} WHERE expires_at <= ? LIMIT 1",
  promote: `
    UPDATE {job} SET status = 'ready', ready_at = ? WHERE rowid IN (
      SELECT rowid FROM {job} INDEXED BY {job_by_schedule}
      WHERE status = 'scheduled' AND scheduled_at <= ? ORDER BY scheduled_at, chain_id, chain_index LIMIT ?)
    RETURNING type`,
  deleteExpiredKeys: `
    DELETE FROM {deduplication} WHERE rowid IN (
      SELECT rowid FROM {deduplication} INDEXED BY {deduplication_by_expiry} WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
} as const;

/** The answer when nothing is due; `undefined` when something is. Asked on a reader, since every worker asks on every beat. */
export function peekPromote(session: Session): PromoteResult | undefined {
  const nextDueInMs = findNextDue(session);
  const isDue =
    nextDueInMs === 0 ||
    session.first(promoteJobsStatements.hasExpiredKey, session.nowMs) !== undefined;
  return isDue ? undefined : { promoted: [], nextDueInMs };
}

export function promoteJobs(session: Session, limit: number): PromoteResult {
  const { nowMs } = session;
  const counts = new Map<string, number>();
  for (const { type } of session.all<{ type: string }>(
    promoteJobsStatements.promote,
    nowMs,
    nowMs,
    limit,
  )) {
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  session.run(promoteJobsStatements.deleteExpiredKeys, nowMs, limit);
  const promoted = [...counts]
    .map(([type, count]) => ({ type, count }))
    .toSorted((left, right) => (left.type < right.type ? -1 : 1));
  return { promoted, nextDueInMs: findNextDue(session) };
}

export function findNextDue(session: Session): number | undefined {
  const { dueAt } = session.first<{ dueAt: Nullable<number> }>(promoteJobsStatements.nextDue)!;
  return dueAt === null ? undefined : Math.max(0, dueAt - session.nowMs);
}
