import {
  BlockerUnusableError,
  ChainIdConflictError,
  type JobStatus,
  type NewChain,
  type StartResult,
} from "queuert/adapter";

import type { AnsweringStatement, Session } from "../connections/session.ts";
import { encodeArray } from "../text-array.ts";
import { encodeUuid } from "../uuids.ts";
import { delayOf, instantOf } from "./schedules.ts";

const chainPlaceholders = `$1::text::timestamptz, $2::text::uuid[], $3::text::text[], $4::text::text[], $5::text::smallint[], $6::text::float8[],
  $7::text::float8[], $8::text::text[], $9::text::boolean[], $10::text::integer[], $11::text::text[], $12::text::text[]`;

const startOne: AnsweringStatement = {
  name: "start_chain",
  expression:
    "{start_chain}($1::text::timestamptz, $2::text::uuid, $3::text, $4::text, $5::text::smallint, $6::text, $7::text::boolean)",
};

const startPlain: AnsweringStatement = {
  name: "start_chains",
  expression: `{start_chains}(${chainPlaceholders})`,
};

const startInTurn: AnsweringStatement = {
  name: "start_chains_in_turn",
  expression: `{start_chains_in_turn}(${chainPlaceholders}, $13::text::text[], $14::text::text[], $15::text::float8[], $16::text::text[],
    $17::text::integer[], $18::text::integer[], $19::text::text[], $20::text::integer[], $21::text::uuid[])`,
};

type StartedRow = readonly [
  chainId: string,
  outcome: StartResult["outcome"],
  jobStatus: JobStatus,
  traceContext: string | null,
];

/** Why nothing was started. */
type Refusal =
  | { readonly chainId: string; readonly existingType: string; readonly type: string }
  | { readonly blockerChainId: string; readonly reason: "notFound" | "cancelled" };

export async function startChains(
  session: Session,
  chains: readonly NewChain[],
): Promise<readonly StartResult[]> {
  const answer = await ask(session, chains);
  if (answer === undefined)
    return chains.map(({ chainId, traceContext }) => ({
      chainId,
      outcome: "created",
      jobStatus: "ready",
      traceContext,
    }));
  if (!isList(answer)) throw refusedError(answer);
  return answer.map(([chainId, outcome, jobStatus, traceContext]) => ({
    chainId,
    outcome,
    jobStatus,
    traceContext: traceContext ?? undefined,
  }));
}

type Answer = readonly StartedRow[] | Refusal;

/** Asks by the least statement that knows all that the chains have; `undefined` when all were inserted and are ready. */
async function ask(session: Session, chains: readonly NewChain[]): Promise<Answer | undefined> {
  const { now } = session;
  if (!chains.every(isPlain))
    return session.ask<Answer>(startInTurn, [
      now,
      ...encodeChains(chains),
      ...encodeKeys(chains),
      ...encodeBlockers(chains),
    ]);
  return chains.length === 1 && isBare(chains[0]!)
    ? session.ask<Answer>(startOne, [now, ...encodeBareChain(chains[0]!)])
    : session.ask<Answer>(startPlain, [now, ...encodeChains(chains)]);
}

function isPlain({ deduplication, blockers }: NewChain): boolean {
  return deduplication === undefined && blockers.length === 0;
}

function isBare({ schedule, labels }: NewChain): boolean {
  return schedule === undefined && Object.keys(labels).length === 0;
}

function isList(answer: Answer): answer is readonly StartedRow[] {
  return Array.isArray(answer);
}

function refusedError(refusal: Refusal): Error {
  return "blockerChainId" in refusal
    ? new BlockerUnusableError({ chainId: refusal.blockerChainId, reason: refusal.reason })
    : new ChainIdConflictError(refusal);
}

function encodeBareChain(chain: NewChain): readonly (string | null)[] {
  const { chainId, type, input, priority, traceContext, isUnannounced } = chain;
  return [
    chainId,
    type,
    input ?? null,
    String(priority),
    traceContext ?? null,
    String(isUnannounced),
  ];
}

function encodeChains(chains: readonly NewChain[]): readonly string[] {
  const isScheduled = chains.some(({ schedule }) => schedule !== undefined);
  const labels = chains.flatMap((chain, index) =>
    Object.entries(chain.labels).map(([key, value]) => ({ place: index + 1, key, value })),
  );
  return [
    encodeArray(chains.map(({ chainId }) => chainId)),
    encodeArray(chains.map(({ type }) => type)),
    encodeArray(chains.map(({ input }) => input)),
    encodeArray(chains.map(({ priority }) => priority)),
    isScheduled ? encodeArray(chains.map(({ schedule }) => delayOf(schedule))) : "{}",
    isScheduled ? encodeArray(chains.map(({ schedule }) => instantOf(schedule))) : "{}",
    encodeArray(chains.map(({ traceContext }) => traceContext)),
    encodeArray(chains.map(({ isUnannounced }) => isUnannounced)),
    encodeArray(labels.map(({ place }) => place)),
    encodeArray(labels.map(({ key }) => key)),
    encodeArray(labels.map(({ value }) => value)),
  ];
}

function encodeKeys(chains: readonly NewChain[]): readonly string[] {
  return [
    encodeArray(chains.map(({ deduplication }) => deduplication?.key)),
    encodeArray(chains.map(({ deduplication }) => deduplication?.scope)),
    encodeArray(chains.map(({ deduplication }) => deduplication?.windowMs)),
    encodeArray(chains.map(({ deduplication }) => deduplication?.onDuplicate)),
  ];
}

/** All blockers in one list; each chain says where its own begin and end. */
function encodeBlockers(chains: readonly NewChain[]): readonly string[] {
  const blockers = chains.flatMap((chain) => chain.blockers);
  let count = 0;
  const ends = chains.map((chain) => (count += chain.blockers.length));
  return [
    encodeArray(chains.map((chain, index) => ends[index]! - chain.blockers.length + 1)),
    encodeArray(ends),
    encodeArray(blockers.map(({ slot }) => slot)),
    encodeArray(blockers.map(({ ordinal }) => ordinal)),
    encodeArray(blockers.map(({ chainId }) => encodeUuid(chainId))),
  ];
}
