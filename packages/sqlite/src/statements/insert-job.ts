import {
  scheduledAtMs,
  waitingStatus,
  type BlockerReference,
  type ChainStatus,
  type JobKey,
  type NewJob,
} from "queuert/adapter";

import type { Session } from "../connections/session.ts";
import { encodeInstant, encodeOptional } from "../rows.ts";

export const insertJobStatements = {
  findChainStatus:
    "SELECT chain_status AS chainStatus FROM {job} WHERE chain_id = ? AND chain_index = 0",
  insertJob: `
    INSERT INTO {job} (
      chain_id, chain_index, type, chain_type, status, priority, attempt, claim_no, worker_id, created_at, scheduled_at, ready_at, claimed_at,
      open_blockers, blocker_count, is_keyed, is_unannounced, chain_status, trace_context, input
    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  insertBlocker:
    "INSERT INTO {job_blocker} (chain_id, chain_index, slot, ordinal, blocked_by_chain_id) VALUES (?, ?, ?, ?, ?)",
  countDependent:
    "UPDATE {job} SET dependents = dependents + 1 WHERE chain_id = ? AND chain_index = 0",
} as const;

/** A blocker that no job can wait for. */
export interface UnusableBlocker {
  readonly blockerChainId: string;
  readonly reason: "notFound" | "cancelled";
}

/** Looks at blockers before anything is written: how many of them are open, or the first that cannot be waited for. */
export function countOpenBlockers(
  session: Session,
  blockers: readonly BlockerReference[],
): number | UnusableBlocker {
  let openCount = 0;
  for (const { chainId } of blockers) {
    const chainStatus = session.first<{ chainStatus: ChainStatus }>(
      insertJobStatements.findChainStatus,
      chainId,
    )?.chainStatus;
    if (chainStatus === undefined) return { blockerChainId: chainId, reason: "notFound" };
    if (chainStatus === "cancelled") return { blockerChainId: chainId, reason: "cancelled" };
    // A failed chain blocks on: a redrive may still complete it.
    if (chainStatus !== "completed") openCount += 1;
  }
  return openCount;
}

export interface JobInsertion extends JobKey {
  readonly chainType: string;
  readonly job: NewJob;
  /** As `countOpenBlockers` found it in the same session. */
  readonly openBlockerCount: number;
  readonly isKeyed: boolean;
  readonly isUnannounced: boolean;
  /** The worker that takes the job at once, when it is ready; the claim is counted as started. */
  readonly claimedBy: string | undefined;
}

/** Inserts a job and its edges; each edge is counted at the chain that it waits for. Answers where the job stands. */
export function insertJob(
  session: Session,
  insertion: JobInsertion,
): "blocked" | "scheduled" | "ready" | "running" {
  const { chainId, chainIndex, job, openBlockerCount } = insertion;
  const { nowMs } = session;
  const dueAtMs = encodeInstant(scheduledAtMs(job.schedule, nowMs));
  const waiting = waitingStatus(openBlockerCount, dueAtMs, nowMs);
  const claimedBy = waiting === "ready" ? insertion.claimedBy : undefined;
  const status = claimedBy === undefined ? waiting : "running";
  const claimCount = claimedBy === undefined ? 0 : 1;
  session.run(
    insertJobStatements.insertJob,
    chainId,
    chainIndex,
    job.type,
    insertion.chainType,
    status,
    job.priority,
    claimCount,
    claimCount,
    encodeOptional(claimedBy),
    nowMs,
    dueAtMs,
    waiting === "ready" ? nowMs : null,
    claimedBy === undefined ? null : nowMs,
    openBlockerCount,
    job.blockers.length,
    insertion.isKeyed ? 1 : 0,
    insertion.isUnannounced ? 1 : 0,
    chainIndex === 0 ? "open" : null,
    encodeOptional(job.traceContext),
    encodeOptional(job.input),
  );
  for (const blocker of job.blockers) {
    session.run(
      insertJobStatements.insertBlocker,
      chainId,
      chainIndex,
      blocker.slot,
      blocker.ordinal,
      blocker.chainId,
    );
    session.run(insertJobStatements.countDependent, blocker.chainId);
  }
  return status;
}
