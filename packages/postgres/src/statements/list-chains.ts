import type { ChainFilter, ChainRecord } from "queuert/adapter";

import type { AnsweringStatement, Session } from "../connections/session.ts";
import { decodeChain, type ChainRow } from "../rows.ts";
import { encodeUuid } from "../uuids.ts";
import {
  encodeFilter,
  filterPlaceholders,
  fitsNothing,
  idRangeOf,
  type IdRange,
} from "./chain-filters.ts";
import { encodeInteger } from "../text-array.ts";

const listChainsStatement = (order: "newest" | "oldest"): AnsweringStatement => ({
  name: `list_chains_${order}`,
  expression: `{read_chains}({find_chains_${order}}(${filterPlaceholders}, $7::text::integer), false)`,
});

const listChainsStatements = {
  newest: listChainsStatement("newest"),
  oldest: listChainsStatement("oldest"),
} as const;

/**
 * A page of chains. Each kind of filter walks an index in the order of ids; a label together with types or statuses takes the index that is
 * shorter there, which is long only where many chains fit either and hardly any fit both.
 */
export async function listChains(
  session: Session,
  params: {
    readonly filter: ChainFilter;
    readonly order: "newest" | "oldest";
    readonly after: string | undefined;
    readonly limit: number;
  },
): Promise<readonly ChainRecord[]> {
  const { filter, order, after, limit } = params;
  if (fitsNothing(filter)) return [];
  const range = beyond(idRangeOf(filter), order, after);
  const rows = await session.ask<readonly ChainRow[]>(listChainsStatements[order], [
    ...encodeFilter(filter, range),
    encodeInteger(limit),
  ]);
  return (rows ?? []).map(decodeChain);
}

/** The part of a range that is left after a chain. */
function beyond(
  { above, below }: IdRange,
  order: "newest" | "oldest",
  after: string | undefined,
): IdRange {
  if (after === undefined) return { above, below };
  const last = encodeUuid(after);
  return order === "newest"
    ? { above, below: last < below ? last : below }
    : { above: last > above ? last : above, below };
}
