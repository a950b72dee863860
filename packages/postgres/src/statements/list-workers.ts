import type { WorkerRecord } from "queuert/adapter";

import type { AnsweringStatement, Session } from "../connections/session.ts";
import { decodeWorker, type WorkerRow } from "../rows.ts";
import { encodeInteger } from "../text-array.ts";

const listWorkersStatement: AnsweringStatement = {
  name: "list_workers",
  expression: "{list_workers}($1::text::timestamptz, $2::text::integer)",
};

export async function listWorkers(
  session: Session,
  limit: number,
): Promise<readonly WorkerRecord[]> {
  const rows = await session.ask<readonly WorkerRow[]>(listWorkersStatement, [
    session.now,
    encodeInteger(limit),
  ]);
  return (rows ?? []).map(decodeWorker);
}
