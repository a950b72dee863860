import type { AttemptLimit, ReapResult } from "queuert/adapter";

import type { AnsweringStatement, Session } from "../connections/session.ts";
import { encodeArray, encodeInteger } from "../text-array.ts";

const statement: AnsweringStatement = {
  name: "reap_jobs",
  expression:
    "{reap_jobs}($1::text::timestamptz, $2::text::bigint, $3::text::text[], $4::text::float8[], $5::text::text[])",
};

type ReapedRow = readonly [
  chainId: string,
  chainIndex: number,
  claimNo: number,
  type: string,
  chainType: string,
  attempt: number,
  workerId: string,
  outcome: readonly ["released"] | readonly ["failed", chainDurationMs: number],
];

type Answer = readonly [
  reaped: readonly ReapedRow[],
  workerIds: readonly string[] | null,
  isMore: boolean,
];

const nothing: ReapResult = { reaped: [], workerIds: [], isMore: false };

/** Takes the jobs of dead workers. Those of types that no limit names stay as they are, for workers that know them (trap A7). */
export async function reapJobs(
  session: Session,
  {
    limit,
    attemptLimits,
  }: { readonly limit: number; readonly attemptLimits: readonly AttemptLimit[] },
): Promise<ReapResult> {
  if (limit <= 0) return nothing;
  const answer = await session.ask<Answer>(statement, [
    session.now,
    encodeInteger(limit),
    encodeArray(attemptLimits.map(({ type }) => type)),
    encodeArray(attemptLimits.map(({ attemptCountMax }) => attemptCountMax)),
    encodeArray(attemptLimits.map(({ error }) => error)),
  ]);
  if (answer === undefined) return nothing;
  const [reaped, workerIds, isMore] = answer;
  return { reaped: reaped.map(decodeReaped), workerIds: workerIds ?? [], isMore };
}

function decodeReaped(row: ReapedRow): ReapResult["reaped"][number] {
  const [chainId, chainIndex, claimNo, type, chainType, attempt, workerId, outcome] = row;
  const job = { chainId, chainIndex, claimNo, type, chainType, attempt, workerId };
  return outcome[0] === "released"
    ? { ...job, outcome: "released" }
    : { ...job, outcome: "failed", chainDurationMs: outcome[1] };
}
