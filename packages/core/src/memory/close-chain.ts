import type { ChainStatus } from "../model/status.ts";
import type { WakenedJob } from "../ports/state-adapter.ts";
import { placeJob } from "./place-job.ts";
import type { BlockersRow, ChainRow } from "./rows.ts";
import type { Writer } from "./writer.ts";

/** How long a chain has been there. */
export function chainDurationMs(writer: Writer, chain: ChainRow): number {
  return Math.max(0, writer.nowMs - chain.createdAtMs);
}

/** Closes a chain whose last job has ended, and releases the jobs that waited for nothing else. Returns those. */
export function closeChain(
  writer: Writer,
  chain: ChainRow,
  status: Exclude<ChainStatus, "open">,
): readonly WakenedJob[] {
  writer.putChain({ ...chain, status, closedAtMs: writer.nowMs });
  // A failed chain keeps its key and goes on blocking: a redrive opens it again.
  if (status === "failed") return [];
  releaseKey(writer, chain);
  return status === "completed" ? unblock(writer, chain.chainId) : [];
}

/** Lets go of the chain's deduplication key: at once, or when its window is over. */
function releaseKey(writer: Writer, chain: ChainRow): void {
  if (chain.deduplicationId === undefined) return;
  const row = writer.tables.deduplications.get(chain.deduplicationId);
  if (row?.chainId !== chain.chainId) return;
  if (row.keptUntilMs === undefined || row.keptUntilMs <= writer.nowMs)
    writer.delete("deduplications", row.deduplicationId);
  else if (Number.isFinite(row.keptUntilMs))
    writer.putDeduplication({ ...row, expiresAtMs: row.keptUntilMs });
}

function unblock(writer: Writer, chainId: string): readonly WakenedJob[] {
  const released: WakenedJob[] = [];
  for (const waiter of writer.waiters(chainId)) {
    const job = writer.job(waiter)!;
    if (job.status !== "blocked") continue;
    const openBlockers = job.openBlockers - edgeCount(waiter, chainId);
    const next = writer.putJob(placeJob({ ...job, openBlockers }, job.scheduledAtMs, writer.nowMs));
    if (next.status !== "ready" && next.status !== "scheduled") continue;
    released.push({
      chainId: next.chainId,
      chainIndex: next.chainIndex,
      type: next.type,
      status: next.status,
      blockedMs: Math.max(0, writer.nowMs - next.createdAtMs),
    });
  }
  return released;
}

function edgeCount(waiter: BlockersRow, chainId: string): number {
  return waiter.blockers.filter((blocker) => blocker.chainId === chainId).length;
}
