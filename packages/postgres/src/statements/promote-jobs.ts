import type { PromoteResult } from "queuert/adapter";

import type { AnsweringStatement, Session } from "../connections/session.ts";
import { encodeInteger } from "../text-array.ts";

const statement: AnsweringStatement = {
  name: "promote_jobs",
  expression: "{promote_jobs}($1::text::timestamptz, $2::text::bigint)",
};

type Answer = readonly [
  promoted: readonly (readonly [type: string, count: number])[] | null,
  nextDueInMs: number | null,
];

export async function promoteJobs(session: Session, limit: number): Promise<PromoteResult> {
  const answer = await session.ask<Answer>(statement, [session.now, encodeInteger(limit)]);
  const [promoted, nextDueInMs] = answer!;
  return {
    promoted: (promoted ?? []).map(([type, count]) => ({ type, count })),
    nextDueInMs: nextDueInMs ?? undefined,
  };
}
