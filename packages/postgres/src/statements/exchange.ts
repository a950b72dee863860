import type { ExchangeParams, ExchangeResult, Settlement, Verdict } from "queuert/adapter";

import type { AnsweringStatement, Session } from "../connections/session.ts";
import { encodeArray, encodeIntegers } from "../text-array.ts";
import type { ClaimCursors } from "./claim-cursors.ts";
import { decodeClaimedJob, type ClaimedRow } from "./claimed-jobs.ts";
import {
  decodeVerdicts,
  encodeSettlements,
  groupSettlements,
  isSticky,
  settlementPlaceholders,
  type GroupAnswer,
} from "./settlements.ts";

const begin = "$1::text::uuid, $2::text::timestamptz, $3::text::boolean";

const exchangeStatement: AnsweringStatement = {
  name: "exchange",
  expression: `{exchange}(${begin}, ${settlementPlaceholders}, $22::text::uuid[], $23::text::integer[], $24::text::integer[],
    $25::text::text[], $26::text::integer[], $27::text::integer[], $28::text::integer[], $29::text::smallint[], $30::text::smallint[],
    $31::text::timestamptz[], $32::text::bigint, $33::text::bigint)`,
};

const settleStatement: AnsweringStatement = {
  name: "settle",
  expression: `{settle}(${begin}, ${settlementPlaceholders})`,
};

type ExchangeAnswer = readonly [
  groups: readonly GroupAnswer[],
  isLive: boolean | null,
  claimed: readonly ClaimedRow[] | null,
  schedule: readonly [nextDueInMs: number | null] | null,
];

/** Settles, then notes started jobs, then claims: one round trip. */
export async function exchange(
  session: Session,
  cursors: ClaimCursors,
  { workerId, settlements, started, claim }: ExchangeParams,
): Promise<ExchangeResult> {
  const groups = groupSettlements(settlements);
  const asksForJobs = claim !== undefined || settlements.some(isSticky);
  const probes = cursors.plan(claim);
  const answer = await session.ask<ExchangeAnswer>(exchangeStatement, [
    workerId,
    session.now,
    String(asksForJobs),
    ...encodeSettlements(groups),
    encodeArray(started.map(({ chainId }) => chainId)),
    encodeIntegers(started.map(({ chainIndex }) => chainIndex)),
    encodeIntegers(started.map(({ claimNo }) => claimNo)),
    ...probes.values,
  ]);
  const [answers, isLive, claimed, schedule] = answer!;
  const jobs = (claimed ?? []).map(decodeClaimedJob);
  probes.note(jobs);
  return {
    verdicts: decodeVerdicts(groups, answers),
    claimed: jobs,
    isLive: isLive ?? true,
    schedule: schedule === null ? undefined : { nextDueInMs: schedule[0] ?? undefined },
  };
}

const settleCompletedStatement: AnsweringStatement = {
  name: "settle_completed",
  expression: `{settle_completed}($1::text::uuid, $2::text::timestamptz, $3::text::uuid, $4::text::integer, $5::text::integer, $6::text, $7::text)`,
};

/** Settles in a transaction of the user's. */
export async function settle(
  session: Session,
  workerId: string,
  settlements: readonly Settlement[],
): Promise<readonly Verdict[]> {
  const [first] = settlements;
  return settlements.length === 1 && first!.outcome.kind === "completed"
    ? settleCompleted(session, workerId, first!, first!.outcome.output)
    : settleAny(session, workerId, settlements);
}

/** What nearly every `commit` asks for: few parameters, and mostly one statement. */
async function settleCompleted(
  session: Session,
  workerId: string,
  settlement: Settlement,
  output: string | undefined,
): Promise<readonly Verdict[]> {
  const { chainId, chainIndex, claimNo, traceContext } = settlement;
  const answer = await session.ask<number | GroupAnswer>(settleCompletedStatement, [
    workerId,
    session.now,
    chainId,
    String(chainIndex),
    String(claimNo),
    output ?? null,
    traceContext ?? null,
  ]);
  if (typeof answer !== "number") return decodeVerdicts([[{ settlement, place: 1 }]], [answer!]);
  const effects = { chainStatus: "completed", chainDurationMs: answer, unblocked: [] } as const;
  return [{ kind: "settled", effects }];
}

async function settleAny(
  session: Session,
  workerId: string,
  settlements: readonly Settlement[],
): Promise<readonly Verdict[]> {
  const groups = groupSettlements(settlements);
  const answer = await session.ask<readonly [groups: readonly GroupAnswer[]]>(settleStatement, [
    workerId,
    session.now,
    String(settlements.some(isSticky)),
    ...encodeSettlements(groups),
  ]);
  return decodeVerdicts(groups, answer![0]);
}
