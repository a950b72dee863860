import type { TypeStats } from "queuert/adapter";

import type { Session, Statements } from "../connections/session.ts";
import type { Nullable } from "../rows.ts";
import { listPausedTypes } from "./list-paused-types.ts";
import { listTypesIn } from "./list-types-in.ts";

const countIn = (index: string, status: string): string =>
  `SELECT count(*) AS count FROM (SELECT 1 FROM {job} INDEXED BY ${index} WHERE status = '${status}' AND type = ? LIMIT ?)`;

export const statsStatements: Statements<
  "blocked" | "scheduled" | "ready" | "failed" | "running" | "oldestReady"
> = {
  blocked: countIn("{job_blocked}", "blocked"),
  scheduled: countIn("{job_scheduled}", "scheduled"),
  ready: countIn("{job_by_readiness}", "ready"),
  failed: countIn("{job_failed}", "failed"),
  // Workers hold no more than they can run, so all of it is counted.
  running:
    "SELECT type, count(*) AS count FROM {job} INDEXED BY {job_running} WHERE status = 'running' GROUP BY type",
  oldestReady:
    "SELECT min(ready_at) AS readyAt FROM {job} INDEXED BY {job_by_readiness} WHERE status = 'ready' AND type = ? AND priority = ?",
};

const priorities = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const;

type Counts = TypeStats["counts"];

/** What is to be done, by type. It costs a probe for each type and status, and no more than `cap` index entries each. */
export function readStats(session: Session, cap: number): readonly TypeStats[] {
  const byType = new Map<string, { -readonly [TStatus in keyof Counts]: number }>();
  const note = (type: string, status: keyof Counts, count: number): void => {
    const counts = byType.get(type) ?? {
      blocked: 0,
      scheduled: 0,
      ready: 0,
      running: 0,
      failed: 0,
    };
    counts[status] = Math.min(count, cap);
    byType.set(type, counts);
  };
  for (const status of ["blocked", "scheduled", "ready", "failed"] as const) {
    for (const type of listTypesIn(session, status))
      note(
        type,
        status,
        session.first<{ count: number }>(statsStatements[status], type, cap)!.count,
      );
  }
  for (const { type, count } of session.all<{ type: string; count: number }>(
    statsStatements.running,
  ))
    note(type, "running", count);
  const paused = listPausedTypes(session);
  return [...byType]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([type, counts]) => ({
      type,
      isPaused: paused.has(type),
      counts,
      oldestReadyMs: findOldestReady(session, type),
    }));
}

function findOldestReady(session: Session, type: string): number | undefined {
  let oldest = Number.POSITIVE_INFINITY;
  // The index is in order within a priority.
  for (const priority of priorities) {
    const { readyAt } = session.first<{ readyAt: Nullable<number> }>(
      statsStatements.oldestReady,
      type,
      priority,
    )!;
    if (readyAt !== null) oldest = Math.min(oldest, readyAt);
  }
  return Number.isFinite(oldest) ? Math.max(0, session.nowMs - oldest) : undefined;
}
