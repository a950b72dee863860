import type { LostReason, NewWorker, RenewParams, RenewResult } from "queuert/adapter";

import type { AnsweringStatement, Session } from "../connections/session.ts";
import { encodeArray } from "../text-array.ts";
import { encodeAttempts } from "./attempts.ts";

const registerStatement: AnsweringStatement = {
  name: "register_worker",
  expression: `{register_worker}($1::text::uuid, $2::text::timestamptz, $3::text, $4::text, $5::text::bigint, $6::text, $7::text::bigint,
    $8::text::float8)`,
};

const renewStatement: AnsweringStatement = {
  name: "renew",
  expression: `{renew}($1::text::uuid, $2::text::timestamptz, $3::text::float8, $4::text::uuid[], $5::text::integer[], $6::text::integer[],
    $7::text::uuid[], $8::text::integer[], $9::text::integer[], $10::text::uuid[], $11::text::integer[], $12::text::integer[], $13::text::text[])`,
};

const removeStatement: AnsweringStatement = {
  name: "remove_worker",
  expression: "{remove_worker}($1::text::uuid, $2::text::timestamptz)",
};

export async function registerWorker(session: Session, worker: NewWorker): Promise<void> {
  await session.ask(registerStatement, [
    worker.workerId,
    session.now,
    worker.name,
    worker.host,
    String(worker.pid),
    JSON.stringify(worker.types),
    String(worker.concurrency),
    String(worker.leaseMs),
  ]);
}

type RenewAnswer = readonly [
  lost: readonly (readonly [place: number, reason: LostReason])[] | null,
  releasedCount: number,
];

/** An expired lease is never revived: its jobs may be another worker's by the time this one renews. */
export async function renewLease(
  session: Session,
  { workerId, leaseMs, held, started, progress }: RenewParams,
): Promise<RenewResult> {
  const answer = await session.ask<RenewAnswer>(renewStatement, [
    workerId,
    session.now,
    String(leaseMs),
    ...encodeAttempts(held),
    ...encodeAttempts(started),
    ...encodeAttempts(progress),
    encodeArray(progress.map(({ value }) => value)),
  ]);
  if (answer === undefined) return { isLive: false, lost: [], releasedCount: 0 };
  const [lost, releasedCount] = answer;
  return {
    isLive: true,
    lost: (lost ?? []).map(([place, reason]) => {
      const { chainId, chainIndex, claimNo } = held[place - 1]!;
      return { chainId, chainIndex, claimNo, reason };
    }),
    releasedCount,
  };
}

export async function removeWorker(session: Session, workerId: string): Promise<void> {
  await session.ask(removeStatement, [workerId, session.now]);
}
