import type { ChainRecord } from "queuert/adapter";

import type { AnsweringStatement, Session } from "../connections/session.ts";
import { decodeChain, type ChainRow } from "../rows.ts";
import { encodeArray } from "../text-array.ts";
import { encodeUuid } from "../uuids.ts";

const getChainsStatement: AnsweringStatement = {
  name: "get_chains",
  expression: "{read_chains}($1::text::uuid[], true)",
};

export async function getChains(
  session: Session,
  chainIds: readonly string[],
): Promise<readonly (ChainRecord | undefined)[]> {
  const rows = await session.ask<readonly (ChainRow | null)[]>(getChainsStatement, [
    encodeArray(chainIds.map(encodeUuid)),
  ]);
  return (rows ?? []).map((row) => (row === null ? undefined : decodeChain(row)));
}
