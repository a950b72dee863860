import { formatJobId, type JobKey } from "../model/ids.ts";
import type { ChainGraph } from "../ports/state-reads.ts";
import { chainRecord } from "./records.ts";
import { compareText } from "./rows.ts";
import type { Tables } from "./tables.ts";

/** The chains around a chain, by breadth: what its jobs wait for, and who waits for it. */
export function chainGraph(tables: Tables, params: { readonly chainId: string; readonly depth: number; readonly limit: number }): ChainGraph {
  if (tables.chains.get(params.chainId) === undefined || params.limit <= 0) return { chains: [], edges: [], isTruncated: params.limit <= 0 };
  const { included, isTruncated } = reach(tables, params);
  return {
    chains: [...included].map((chainId) => chainRecord(tables, tables.chains.get(chainId)!, false)),
    edges: edgesAmong(tables, included),
    isTruncated,
  };
}

function reach(
  tables: Tables,
  { chainId, depth, limit }: { readonly chainId: string; readonly depth: number; readonly limit: number },
): { readonly included: ReadonlySet<string>; readonly isTruncated: boolean } {
  const included = new Set([chainId]);
  let frontier = [chainId];
  for (let distance = 1; frontier.length > 0; distance++) {
    const found = new Set(frontier.flatMap((at) => neighbours(tables, at)).filter((neighbour) => !included.has(neighbour)));
    if (distance > depth) return { included, isTruncated: found.size > 0 };
    frontier = [...found].toSorted(compareText).slice(0, limit - included.size);
    for (const neighbour of frontier) included.add(neighbour);
    if (frontier.length < found.size) return { included, isTruncated: true };
  }
  return { included, isTruncated: false };
}

function neighbours(tables: Tables, chainId: string): string[] {
  const blocking = jobKeys(tables, chainId).flatMap((key) => tables.blockers.get(formatJobId(key))?.blockers ?? []);
  const waiting = tables.waiters.get(chainId)?.ascending() ?? [];
  return [...blocking.map((blocker) => blocker.chainId), ...[...waiting].map((waiter) => waiter.chainId)];
}

function edgesAmong(tables: Tables, included: ReadonlySet<string>): ChainGraph["edges"] {
  return [...included].toSorted(compareText).flatMap((chainId) =>
    jobKeys(tables, chainId).flatMap((job) =>
      (tables.blockers.get(formatJobId(job))?.blockers ?? [])
        .filter((blocker) => included.has(blocker.chainId))
        .map(({ slot, ordinal, chainId: blockedBy }) => ({ job, slot, ordinal, blockedBy })),
    ),
  );
}

function jobKeys(tables: Tables, chainId: string): JobKey[] {
  return Array.from({ length: tables.chains.get(chainId)!.lastIndex + 1 }, (_, chainIndex) => ({ chainId, chainIndex }));
}
