import { formatJobId, type JobKey } from "../model/ids.ts";
import type { ChainGraph } from "../ports/state-reads.ts";
import { chainRecord } from "./records.ts";
import { compareText } from "./rows.ts";
import type { Tables } from "./tables.ts";

/** The chains around a chain, by breadth: what its jobs wait for, then who waits for it. */
export function chainGraph(
  tables: Tables,
  params: { readonly chainId: string; readonly depth: number; readonly limit: number },
): ChainGraph {
  if (tables.chains.get(params.chainId) === undefined)
    return { chains: [], edges: [], isTruncated: false };
  const { included, isTruncated } = reach(tables, params);
  return {
    chains: [...included].map((chainId) => chainRecord(tables, tables.chains.get(chainId)!, false)),
    edges: [...included]
      .flatMap((chainId) => edgesOf(tables, chainId))
      .filter((edge) => included.has(edge.blockedBy)),
    isTruncated,
  };
}

/** The start, which is always in, and what is found around it, nearest first. */
function reach(
  tables: Tables,
  {
    chainId,
    depth,
    limit,
  }: { readonly chainId: string; readonly depth: number; readonly limit: number },
): { readonly included: ReadonlySet<string>; readonly isTruncated: boolean } {
  const included = new Set([chainId]);
  let outermost = [chainId];
  for (let distance = 1; outermost.length > 0; distance++) {
    const found = new Set(
      neighbours(tables, outermost).filter((neighbour) => !included.has(neighbour)),
    );
    if (distance > depth) return { included, isTruncated: found.size > 0 };
    outermost = [...found].slice(0, Math.max(0, limit - included.size));
    for (const neighbour of outermost) included.add(neighbour);
    if (outermost.length < found.size) return { included, isTruncated: true };
  }
  return { included, isTruncated: false };
}

/** What is waited for, then who waits. */
function neighbours(tables: Tables, chainIds: readonly string[]): string[] {
  const blocking = chainIds.flatMap((chainId) =>
    edgesOf(tables, chainId).map((edge) => edge.blockedBy),
  );
  const waiting = chainIds.flatMap((chainId) =>
    [...(tables.waiters.get(chainId)?.ascending() ?? [])].map((waiter) => waiter.chainId),
  );
  return [...blocking.toSorted(compareText), ...waiting.toSorted(compareText)];
}

/** What the jobs of a chain wait for, in their order. */
function edgesOf(tables: Tables, chainId: string): ChainGraph["edges"][number][] {
  const keys = Array.from(
    { length: tables.chains.get(chainId)!.lastIndex + 1 },
    (_, chainIndex): JobKey => ({ chainId, chainIndex }),
  );
  return keys.flatMap((job) =>
    (tables.blockers.get(formatJobId(job))?.blockers ?? []).map(
      ({ slot, ordinal, chainId: blockedBy }) => ({ job, slot, ordinal, blockedBy }),
    ),
  );
}
