import type {
  AttemptKey,
  ClaimedBlocker,
  ClaimedJob,
  ClaimRequest,
} from "../ports/state-adapter.ts";
import { heldJob } from "./fence.ts";
import { take } from "./ordered-set.ts";
import { attemptCounted } from "./place-job.ts";
import type { JobRow } from "./rows.ts";
import type { Writer } from "./writer.ts";

/** Counts the attempts of held jobs that have begun. Others are passed over: renew reports them. */
export function startHeldJobs(
  writer: Writer,
  workerId: string,
  started: readonly AttemptKey[],
): void {
  for (const key of started) {
    const held = heldJob(writer, workerId, key);
    if (held !== undefined && !held.isStarted)
      writer.putJob({ ...held, isStarted: true, attempt: attemptCounted(held) });
  }
}

/** Claims ready jobs for a worker whose lease is live: suspects first, then type by type in the order asked. */
export function claimJobs(
  writer: Writer,
  workerId: string,
  claim: ClaimRequest,
): readonly ClaimedJob[] {
  const chosen = chooseJobs(writer, claim);
  const suspects = chosen.filter((row) => row.isSuspect);
  const others = chosen.filter((row) => !row.isSuspect);
  // A suspect may have begun before, so it counts in any place: else a job that kills its process would never use up its attempts (P5).
  return [...suspects, ...others].map((row, place) =>
    claimJob(writer, row, workerId, row.isSuspect || place < claim.slots),
  );
}

/** The jobs that a claim will get: a walk from the head of each type, never over the backlog (trap C8b). */
function chooseJobs(writer: Writer, claim: ClaimRequest): readonly JobRow[] {
  const chosen: JobRow[] = [];
  const asked = new Set<string>();
  for (const { type, limit } of claim.types) {
    if (asked.has(type) || writer.isPaused(type)) continue;
    asked.add(type);
    const room = Math.min(limit, claim.slots + claim.ahead - chosen.length);
    chosen.push(...take(writer.tables.jobIndex.ready(type)?.ascending() ?? [], room));
  }
  return chosen;
}

/** Gives a ready job to a worker. */
export function claimJob(
  writer: Writer,
  row: JobRow,
  workerId: string,
  isStarted: boolean,
): ClaimedJob {
  const claimed = writer.putJob({
    ...row,
    status: "running",
    workerId,
    claimNo: row.claimNo + 1,
    claimedAtMs: writer.nowMs,
    attempt: isStarted ? row.attempt + 1 : row.attempt,
    isStarted,
    isSuspect: false,
    isUnannounced: false,
    progress: undefined,
  });
  return claimedJob(writer, claimed, row.isUnannounced);
}

/** A running job as its worker gets it. */
export function claimedJob(writer: Writer, row: JobRow, isUnannounced: boolean): ClaimedJob {
  return {
    chainId: row.chainId,
    chainIndex: row.chainIndex,
    claimNo: row.claimNo,
    type: row.type,
    chainType: row.chainType,
    input: row.input,
    attempt: row.isStarted ? row.attempt : row.attempt + 1,
    isStarted: row.isStarted,
    priority: row.priority,
    createdAt: new Date(row.createdAtMs),
    scheduledAt: new Date(row.scheduledAtMs),
    claimedAt: new Date(row.claimedAtMs!),
    waitMs: Math.max(0, row.claimedAtMs! - row.readyAtMs!),
    blockers: claimedBlockers(writer, row),
    traceContext: row.traceContext,
    isUnannounced,
  };
}

function claimedBlockers(writer: Writer, row: JobRow): readonly ClaimedBlocker[] {
  return (writer.blockers(row)?.blockers ?? []).map((blocker) => {
    const chain = writer.chain(blocker.chainId)!;
    const { type, output, traceContext } = writer.lastJob(chain);
    const closedAt = new Date(chain.closedAtMs!);
    return { ...blocker, chainType: chain.type, type, output, traceContext, closedAt };
  });
}
