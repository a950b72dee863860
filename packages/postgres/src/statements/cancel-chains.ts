import type { CancelResult } from "queuert/adapter";

import type { AnsweringStatement, Session } from "../connections/session.ts";
import { encodeArray } from "../text-array.ts";
import { encodeUuid } from "../uuids.ts";

const statement: AnsweringStatement = {
  name: "cancel_chains",
  expression:
    "{cancel_chains}($1::text::timestamptz, $2::text::uuid[], $3::text::boolean, $4::text)",
};

type CancelledRow =
  | readonly [
      chainId: string,
      outcome: "cancelled",
      chainType: string,
      chainDurationMs: number,
      chainIndex: number,
      type: string,
      workerId: string | null,
    ]
  | readonly [chainId: string, outcome: "hasDependants", dependants: readonly string[]]
  | readonly [chainId: string, outcome: "notFound" | "alreadyClosed"];

/** Cancels chains; what came along by cascade follows those asked for. */
export async function cancelChains(
  session: Session,
  {
    chainIds,
    reason,
    cascade,
  }: {
    readonly chainIds: readonly string[];
    readonly reason: string | undefined;
    readonly cascade: boolean;
  },
): Promise<readonly CancelResult[]> {
  const rows = await session.ask<readonly CancelledRow[]>(statement, [
    session.now,
    encodeArray(chainIds.map(encodeUuid)),
    String(cascade),
    reason ?? null,
  ]);
  return rows!.map((row, index) => decodeCancelled(chainIds[index] ?? row[0], row));
}

function decodeCancelled(chainId: string, row: CancelledRow): CancelResult {
  switch (row[1]) {
    case "cancelled": {
      const [, outcome, chainType, chainDurationMs, chainIndex, type, workerId] = row;
      return {
        chainId,
        outcome,
        chainType,
        chainDurationMs,
        job: { chainId, chainIndex, type },
        workerId: workerId ?? undefined,
      };
    }
    case "hasDependants":
      return { chainId, outcome: row[1], dependants: row[2] };
    case "notFound":
    case "alreadyClosed":
      return { chainId, outcome: row[1] };
  }
}
