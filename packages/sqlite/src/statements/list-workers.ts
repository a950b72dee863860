import type { WorkerRecord } from "queuert/adapter";

import type { Session } from "../connections/session.ts";
import { decodeWorker, type WorkerRow } from "../rows.ts";

export const listWorkersStatements = {
  listWorkers: `
    SELECT worker_id AS workerId, name, host, pid, types, concurrency, started_at AS startedAt, lease_until AS leaseUntil,
      (SELECT count(*) FROM {job} INDEXED BY {job_running} WHERE status = 'running' AND worker_id = worker.worker_id) AS runningCount
    FROM {worker} AS worker ORDER BY started_at, worker_id LIMIT ?`,
} as const;

export function listWorkers(session: Session, limit: number): readonly WorkerRecord[] {
  return session
    .all<WorkerRow>(listWorkersStatements.listWorkers, limit)
    .map((row) => decodeWorker(row, session.nowMs));
}
