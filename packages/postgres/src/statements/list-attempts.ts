import type { AttemptRecord, JobKey } from "queuert/adapter";

import type { AnsweringStatement, Session } from "../connections/session.ts";
import { decodeAttempt, type AttemptRow } from "../rows.ts";
import { encodeUuid } from "../uuids.ts";
import { encodeInteger } from "../text-array.ts";

const listAttemptsStatement: AnsweringStatement = {
  name: "list_attempts",
  expression: "{list_attempts}($1::text::uuid, $2::text::integer)",
};

export async function listAttempts(
  session: Session,
  { chainId, chainIndex }: JobKey,
): Promise<readonly AttemptRecord[]> {
  const rows = await session.ask<readonly AttemptRow[]>(listAttemptsStatement, [
    encodeUuid(chainId),
    encodeInteger(chainIndex),
  ]);
  return (rows ?? []).map(decodeAttempt);
}
