import type { DeleteResult } from "queuert/adapter";

import type { AnsweringStatement, Session } from "../connections/session.ts";
import { encodeArray } from "../text-array.ts";
import { encodeUuid } from "../uuids.ts";

const statement: AnsweringStatement = {
  name: "delete_chains",
  expression: "{delete_chains}($1::text::uuid[], $2::text::boolean)",
};

type DeletedRow =
  | readonly [chainId: string, outcome: "deleted", chainType: string, workerId: string | null]
  | readonly [chainId: string, outcome: "referenced", references: readonly string[]]
  | readonly [chainId: string, outcome: "notFound"];

/** Deletes chains; what came along by cascade follows those asked for. */
export async function deleteChains(
  session: Session,
  { chainIds, cascade }: { readonly chainIds: readonly string[]; readonly cascade: boolean },
): Promise<readonly DeleteResult[]> {
  const rows = await session.ask<readonly DeletedRow[]>(statement, [
    encodeArray(chainIds.map(encodeUuid)),
    String(cascade),
  ]);
  return rows!.map((row, index) => decodeDeleted(chainIds[index] ?? row[0], row));
}

function decodeDeleted(chainId: string, row: DeletedRow): DeleteResult {
  switch (row[1]) {
    case "deleted":
      return { chainId, outcome: row[1], chainType: row[2], workerId: row[3] ?? undefined };
    case "referenced":
      return { chainId, outcome: row[1], references: row[2] };
    case "notFound":
      return { chainId, outcome: row[1] };
  }
}
