import type { ChainGraph } from "queuert/adapter";

import type { AnsweringStatement, Session } from "../connections/session.ts";
import { decodeChain, type ChainRow } from "../rows.ts";
import { encodeUuid } from "../uuids.ts";
import { encodeInteger } from "../text-array.ts";

const chainGraphStatement: AnsweringStatement = {
  name: "chain_graph",
  expression: "{chain_graph}($1::text::uuid, $2::text::integer, $3::text::integer)",
};

type EdgeRow = readonly [
  chainId: string,
  chainIndex: number,
  slot: string,
  ordinal: number,
  blockedBy: string,
];

type GraphRow = readonly [
  chains: readonly ChainRow[],
  edges: readonly EdgeRow[] | null,
  isTruncated: boolean,
];

/** At one distance, chains stand in the order of their ids; what is waited for, before who waits. */
export async function readChainGraph(
  session: Session,
  params: { readonly chainId: string; readonly depth: number; readonly limit: number },
): Promise<ChainGraph> {
  const { chainId, depth, limit } = params;
  const graph = await session.ask<GraphRow>(chainGraphStatement, [
    encodeUuid(chainId),
    encodeInteger(depth),
    encodeInteger(limit),
  ]);
  if (graph === undefined) return { chains: [], edges: [], isTruncated: false };
  const [chains, edges, isTruncated] = graph;
  return { chains: chains.map(decodeChain), edges: (edges ?? []).map(decodeEdge), isTruncated };
}

function decodeEdge([chainId, chainIndex, slot, ordinal, blockedBy]: EdgeRow) {
  return { job: { chainId, chainIndex }, slot, ordinal, blockedBy };
}
