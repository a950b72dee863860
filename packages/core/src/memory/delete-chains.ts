import { formatJobId } from "../model/ids.ts";
import type { DeleteResult } from "../ports/state-adapter.ts";
import { closeOverHolders } from "../model/chain-closure.ts";
import type { ChainRow } from "./rows.ts";
import type { Writer } from "./writer.ts";

/** Deletes chains with all that belongs to them. One that others outside the set name as a blocker is refused, or takes them along. */
export function deleteChains(
  writer: Writer,
  params: { readonly chainIds: readonly string[]; readonly cascade: boolean },
): readonly DeleteResult[] {
  const known = new Set(params.chainIds.filter((chainId) => writer.chain(chainId) !== undefined));
  const holdersOf = (chainId: string): readonly string[] => referringChainIds(writer, chainId);
  const { added, refused } = closeOverHolders({
    chainIds: known,
    holdersOf,
    isCascade: params.cascade,
  });
  return [...params.chainIds, ...added].map((chainId): DeleteResult => {
    const references = refused.get(chainId);
    if (references !== undefined) return { chainId, outcome: "referenced", references };
    const chain = writer.chain(chainId);
    return chain === undefined ? { chainId, outcome: "notFound" } : deleteChain(writer, chain);
  });
}

/** The other chains of which a job, whatever its status, names this one as a blocker. */
function referringChainIds(writer: Writer, chainId: string): readonly string[] {
  return [...new Set(writer.waiters(chainId).map((waiter) => waiter.chainId))].filter(
    (referringId) => referringId !== chainId,
  );
}

/** Deletes a chain with all that belongs to it. Edges of others that name it are theirs, and left. */
export function deleteChain(writer: Writer, chain: ChainRow): DeleteResult {
  const { chainId } = chain;
  const { workerId } = writer.lastJob(chain);
  for (let chainIndex = 0; chainIndex <= chain.lastIndex; chainIndex++)
    deleteJob(writer, { chainId, chainIndex });
  const key =
    chain.deduplicationId === undefined
      ? undefined
      : writer.tables.deduplications.get(chain.deduplicationId);
  if (key?.chainId === chainId) writer.delete("deduplications", key.deduplicationId);
  writer.delete("chains", chainId);
  return { chainId, outcome: "deleted", chainType: chain.type, workerId };
}

function deleteJob(
  writer: Writer,
  key: { readonly chainId: string; readonly chainIndex: number },
): void {
  for (const blocker of writer.blockers(key)?.blockers ?? []) {
    // The blocking chain may be deleted together with this one, before it.
    const blocking = writer.chain(blocker.chainId);
    if (blocking !== undefined)
      writer.putChain({ ...blocking, dependents: blocking.dependents - 1 });
  }
  const jobId = formatJobId(key);
  writer.delete("blockers", jobId);
  writer.delete("attempts", jobId);
  writer.delete("jobs", jobId);
}
