import { scheduledAtMs } from "../model/schedule.ts";
import type { BlockerReference, NewJob } from "../ports/state-adapter.ts";
import { placeJob } from "./place-job.ts";
import type { ChainRow, JobRow } from "./rows.ts";
import type { Writer } from "./writer.ts";

/** Why a chain cannot be waited for. */
export interface UnusableBlocker {
  readonly blockerChainId: string;
  readonly reason: "notFound" | "cancelled";
}

/** The first of the blockers that cannot be waited for, if any. */
export function findUnusableBlocker(
  writer: Writer,
  blockers: readonly BlockerReference[],
): UnusableBlocker | undefined {
  for (const { chainId } of blockers) {
    const chain = writer.chain(chainId);
    if (chain === undefined) return { blockerChainId: chainId, reason: "notFound" };
    if (chain.status === "cancelled") return { blockerChainId: chainId, reason: "cancelled" };
  }
  return undefined;
}

/** Inserts the last job of a chain with its edges, as nobody's. Its blockers have been found usable. */
export function insertJob(
  writer: Writer,
  chain: ChainRow,
  job: NewJob,
  isUnannounced: boolean,
): JobRow {
  const key = { chainId: chain.chainId, chainIndex: chain.lastIndex };
  const row: JobRow = {
    ...key,
    type: job.type,
    chainType: chain.type,
    status: "blocked",
    priority: job.priority,
    attempt: 0,
    claimNo: 0,
    isStarted: false,
    isSuspect: false,
    isUnannounced,
    createdAtMs: writer.nowMs,
    scheduledAtMs: writer.nowMs,
    readyAtMs: undefined,
    claimedAtMs: undefined,
    completedAtMs: undefined,
    workerId: undefined,
    completedBy: undefined,
    openBlockers: registerEdges(writer, key.chainId, key.chainIndex, job.blockers),
    input: job.input,
    output: undefined,
    error: undefined,
    progress: undefined,
    traceContext: job.traceContext,
  };
  return writer.putJob(placeJob(row, scheduledAtMs(job.schedule, writer.nowMs), writer.nowMs));
}

/** Registers what a job waits for, and returns how many of the edges are open: a failed chain still blocks, since a redrive may complete it. */
function registerEdges(
  writer: Writer,
  chainId: string,
  chainIndex: number,
  blockers: readonly BlockerReference[],
): number {
  if (blockers.length === 0) return 0;
  let openCount = 0;
  for (const blocker of blockers) {
    const blocking = writer.chain(blocker.chainId)!;
    writer.putChain({ ...blocking, dependents: blocking.dependents + 1 });
    if (blocking.status !== "completed") openCount++;
  }
  const copies = blockers.map(({ slot, ordinal, chainId: blockingId }) => ({
    slot,
    ordinal,
    chainId: blockingId,
  }));
  writer.putBlockers({ chainId, chainIndex, blockers: copies });
  return openCount;
}
