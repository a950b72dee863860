import type { ChainFilter } from "queuert/adapter";

import type { AnsweringStatement, Session } from "../connections/session.ts";
import { encodeFilter, filterPlaceholders, fitsNothing, idRangeOf } from "./chain-filters.ts";
import { encodeInteger } from "../text-array.ts";

const countChainsStatement: AnsweringStatement = {
  name: "count_chains",
  expression: `{count_chains}(${filterPlaceholders}, $7::text::integer)`,
};

export async function countChains(
  session: Session,
  { filter, cap }: { readonly filter: ChainFilter; readonly cap: number },
): Promise<number> {
  if (fitsNothing(filter)) return 0;
  const values = [...encodeFilter(filter, idRangeOf(filter)), encodeInteger(cap)];
  return (await session.ask<number>(countChainsStatement, values))!;
}
