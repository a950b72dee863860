import type { ActionResult } from "queuert/adapter";

import type { AnsweringStatement, Session } from "../connections/session.ts";
import { encodeArray } from "../text-array.ts";
import { encodeUuid } from "../uuids.ts";
import { decodeActions, type ActedRow } from "./action-results.ts";

const statement: AnsweringStatement = {
  name: "redrive_chains",
  expression: "{redrive_chains}($1::text::timestamptz, $2::text::uuid[])",
};

/** Opens failed chains again. */
export async function redriveChains(
  session: Session,
  chainIds: readonly string[],
): Promise<readonly ActionResult<"redriven" | "notFound" | "notFailed">[]> {
  const rows = await session.ask<readonly ActedRow[]>(statement, [
    session.now,
    encodeArray(chainIds.map(encodeUuid)),
  ]);
  return decodeActions(chainIds, rows!, "redriven", "notFailed");
}
