import type { ChainGraph, JobKey } from "queuert/adapter";

import type { Session } from "../connections/session.ts";
import { findRoot } from "./find-chain.ts";
import { getChain } from "./get-chains.ts";

export const chainGraphStatements = {
  listEdges: `
    SELECT chain_id AS chainId, chain_index AS chainIndex, slot, ordinal, blocked_by_chain_id AS blockedBy
    FROM {job_blocker} WHERE chain_id = ? ORDER BY chain_index, slot, ordinal`,
  listBlockers:
    "SELECT DISTINCT blocked_by_chain_id AS chainId FROM {job_blocker} WHERE chain_id = ? ORDER BY blocked_by_chain_id LIMIT ?",
  listDependants:
    "SELECT DISTINCT chain_id AS chainId FROM {job_blocker} WHERE blocked_by_chain_id = ? ORDER BY chain_id LIMIT ?",
} as const;

/** Walks from a chain to its neighbours, theirs, and so on, and stops at `depth` steps or `limit` chains. */
export function readChainGraph(
  session: Session,
  params: { readonly chainId: string; readonly depth: number; readonly limit: number },
): ChainGraph {
  if (findRoot(session, params.chainId) === undefined || params.limit <= 0)
    return { chains: [], edges: [], isTruncated: params.limit <= 0 };
  const { chainIds, isTruncated } = reach(session, params);
  return {
    chains: [...chainIds].map((chainId) => getChain(session, chainId, { hasPayload: false })!),
    edges: [...chainIds]
      .toSorted()
      .flatMap((chainId) => listEdges(session, chainId))
      .filter(({ blockedBy }) => chainIds.has(blockedBy)),
    isTruncated,
  };
}

function reach(
  session: Session,
  {
    chainId,
    depth,
    limit,
  }: { readonly chainId: string; readonly depth: number; readonly limit: number },
): { readonly chainIds: ReadonlySet<string>; readonly isTruncated: boolean } {
  const chainIds = new Set([chainId]);
  let outermost: readonly string[] = [chainId];
  for (let distance = 1; outermost.length > 0; distance++) {
    const found = listNeighbours(session, outermost, limit).filter(
      (neighbour) => !chainIds.has(neighbour),
    );
    if (distance > depth) return { chainIds, isTruncated: found.length > 0 };
    outermost = found.slice(0, limit - chainIds.size);
    for (const neighbour of outermost) chainIds.add(neighbour);
    if (outermost.length < found.length) return { chainIds, isTruncated: true };
  }
  return { chainIds, isTruncated: false };
}

/** What is waited for, then who waits. More of them than fit into the graph are never needed. */
function listNeighbours(
  session: Session,
  chainIds: readonly string[],
  limit: number,
): readonly string[] {
  const ask = (sql: string): readonly string[] =>
    chainIds
      .flatMap((chainId) => session.all<{ chainId: string }>(sql, chainId, limit + 1))
      .map((row) => row.chainId)
      .toSorted();
  const blocking = ask(chainGraphStatements.listBlockers);
  const waiting = ask(chainGraphStatements.listDependants);
  return [...new Set([...blocking, ...waiting])];
}

function listEdges(session: Session, nearChainId: string): ChainGraph["edges"] {
  type EdgeRow = JobKey & {
    readonly slot: string;
    readonly ordinal: number;
    readonly blockedBy: string;
  };
  return session
    .all<EdgeRow>(chainGraphStatements.listEdges, nearChainId)
    .map(({ chainId, chainIndex, slot, ordinal, blockedBy }) => ({
      job: { chainId, chainIndex },
      slot,
      ordinal,
      blockedBy,
    }));
}
