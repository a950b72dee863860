import {
  formatJobId,
  type AttemptKey,
  type NewWorker,
  type RenewParams,
  type RenewResult,
} from "queuert/adapter";

import type { Session } from "../connections/session.ts";
import { encodeInstant } from "../rows.ts";
import { findAttempt, isSettledBy, lostReason, noteStarted } from "./attempt-fence.ts";
import { giveBack } from "./give-back.ts";

export const workersStatements = {
  // A registration whose reply was lost may be repeated.
  insertWorker: `
    INSERT OR REPLACE INTO {worker} (worker_id, name, host, pid, types, concurrency, started_at, lease_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  extendLease: "UPDATE {worker} SET lease_until = ? WHERE worker_id = ? AND lease_until > ?",
  deleteWorker: "DELETE FROM {worker} WHERE worker_id = ?",
  setProgress: `
    UPDATE {job} SET progress = ? WHERE chain_id = ? AND chain_index = ? AND status = 'running' AND worker_id = ? AND claim_no = ?`,
  listRunning: `
    SELECT chain_id AS chainId, chain_index AS chainIndex, claim_no AS claimNo FROM {job} INDEXED BY {job_running}
    WHERE status = 'running' AND worker_id = ?`,
} as const;

export function registerWorker(session: Session, worker: NewWorker): void {
  const { nowMs } = session;
  const leaseUntil = encodeInstant(nowMs + worker.leaseMs);
  const types = JSON.stringify(worker.types);
  session.run(
    workersStatements.insertWorker,
    worker.workerId,
    worker.name,
    worker.host,
    worker.pid,
    types,
    worker.concurrency,
    nowMs,
    leaseUntil,
  );
}

/** An expired lease is never revived: its jobs may be another worker's by the time this one renews. */
export function renewLease(
  session: Session,
  { workerId, leaseMs, held, started, progress }: RenewParams,
): RenewResult {
  const { nowMs } = session;
  if (
    session.run(workersStatements.extendLease, encodeInstant(nowMs + leaseMs), workerId, nowMs) ===
    0
  ) {
    return { isLive: false, lost: [], releasedCount: 0 };
  }
  noteStarted(session, workerId, started);
  for (const { chainId, chainIndex, claimNo, value } of progress) {
    session.run(workersStatements.setProgress, value, chainId, chainIndex, workerId, claimNo);
  }
  const running = listRunning(session, workerId);
  return {
    isLive: true,
    lost: listLost(session, workerId, held, running),
    releasedCount: giveBackUnknown(session, held, running),
  };
}

export function removeWorker(session: Session, workerId: string): void {
  for (const key of listRunning(session, workerId)) giveBack(session, key);
  session.run(workersStatements.deleteWorker, workerId);
}

function listRunning(session: Session, workerId: string): readonly AttemptKey[] {
  return session.all<AttemptKey>(workersStatements.listRunning, workerId);
}

function listLost(
  session: Session,
  workerId: string,
  held: readonly AttemptKey[],
  running: readonly AttemptKey[],
): RenewResult["lost"] {
  const isRunning = createAttemptSet(running);
  const lost: RenewResult["lost"][number][] = [];
  for (const { chainId, chainIndex, claimNo } of held) {
    const key = { chainId, chainIndex, claimNo };
    if (isRunning(key)) continue;
    const job = findAttempt(session, key);
    // Settled, and the reply was lost: the worker hands the outcome in again and hears "already".
    if (job !== undefined && isSettledBy(job, workerId, claimNo)) continue;
    lost.push({ ...key, reason: lostReason(job, claimNo) });
  }
  return lost;
}

/** What the worker does not know was claimed by an exchange whose reply was lost (trap A11). */
function giveBackUnknown(
  session: Session,
  held: readonly AttemptKey[],
  running: readonly AttemptKey[],
): number {
  const isHeld = createAttemptSet(held);
  const unknown = running.filter((key) => !isHeld(key));
  for (const key of unknown) giveBack(session, key);
  return unknown.length;
}

function createAttemptSet(attempts: readonly AttemptKey[]): (attempt: AttemptKey) => boolean {
  const format = (attempt: AttemptKey): string => `${formatJobId(attempt)}#${attempt.claimNo}`;
  const keys = new Set(attempts.map(format));
  return (attempt) => keys.has(format(attempt));
}
