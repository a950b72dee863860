import { formatJobId } from "../model/ids.ts";
import {
  ageBound,
  type ClosedChainStatus,
  type RetentionRule,
  type RetentionRules,
} from "../model/retention.ts";
import { spentJobStatuses } from "../model/transitions.ts";
import type { RetireResult } from "../ports/state-adapter.ts";
import { deleteChain } from "./delete-chains.ts";
import { take } from "./ordered-set.ts";
import { compareText, type ChainRow } from "./rows.ts";
import type { Writer } from "./writer.ts";

/** Deletes closed chains that no rule keeps and nobody needs, the smallest ids first. */
export function retireChains(
  writer: Writer,
  { rules, limit }: { readonly rules: RetentionRules; readonly limit: number },
): RetireResult {
  const due = (Object.entries(rules) as [ClosedChainStatus, RetentionRule][])
    .flatMap(([status, rule]) => take(walkDue(writer, status, rule), limit + 1))
    .toSorted((left, right) => compareText(left.chainId, right.chainId));
  const chosen = due.slice(0, limit);
  for (const chain of chosen) {
    deleteEdgesTo(writer, chain.chainId);
    deleteChain(writer, chain);
  }
  return {
    retired: chosen.map(({ chainId, type, status }) => ({
      chainId,
      chainType: type,
      status: status as ClosedChainStatus,
    })),
    isMore: due.length > limit,
  };
}

/** The chains of a status that its rule does not keep and that nobody needs, in the order of their ids. */
function* walkDue(
  writer: Writer,
  status: ClosedChainStatus,
  { maxAgeMs, maxCount }: RetentionRule,
): Generator<ChainRow, void> {
  const age = ageBound(maxAgeMs, writer.nowMs);
  const surplusBelow = maxCount === undefined ? "" : oldestOf(writer, status, maxCount);
  for (const chainId of writer.tables.closedChainIds.get(status)?.ascending() ?? []) {
    const isSurplus = chainId < surplusBelow;
    if (!isSurplus && chainId >= age.idBelow) return;
    const chain = writer.chain(chainId)!;
    const isDue = isSurplus || chain.closedAtMs! <= age.closedUntilMs;
    if (isDue && !isNeeded(writer, chain)) yield chain;
  }
}

/** The smallest id among the `count` greatest of a status. */
function oldestOf(writer: Writer, status: ClosedChainStatus, count: number): string {
  // Above every id, so that all are below the oldest of none.
  if (count === 0) return "~";
  const newest = take(writer.tables.closedChainIds.get(status)?.descending() ?? [], count);
  return newest.length < count ? "" : newest.at(-1)!;
}

function isNeeded(writer: Writer, chain: ChainRow): boolean {
  const isAwaited = writer
    .waiters(chain.chainId)
    .some((waiter) => !spentJobStatuses.includes(writer.job(waiter)!.status));
  return isAwaited || isKeyKept(writer, chain);
}

/** Whether the chain's key still answers for a time; one without a window goes with its chain. */
function isKeyKept(writer: Writer, chain: ChainRow): boolean {
  if (chain.deduplicationId === undefined) return false;
  const row = writer.tables.deduplications.get(chain.deduplicationId);
  return (
    row?.chainId === chain.chainId &&
    row.keptUntilMs !== undefined &&
    row.keptUntilMs > writer.nowMs &&
    Number.isFinite(row.keptUntilMs)
  );
}

/** The jobs that name the chain are over, and name it no more. */
function deleteEdgesTo(writer: Writer, chainId: string): void {
  for (const waiter of writer.waiters(chainId)) {
    const blockers = waiter.blockers.filter((blocker) => blocker.chainId !== chainId);
    if (blockers.length > 0) writer.putBlockers({ ...waiter, blockers });
    else writer.delete("blockers", formatJobId(waiter));
  }
}
