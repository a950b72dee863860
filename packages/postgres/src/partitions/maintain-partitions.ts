import {
  resolveRetention,
  type ClosedChainStatus,
  type RetentionOptions,
  type RetentionRules,
} from "queuert/adapter";

import type { AnsweringStatement, Session } from "../connections/session.ts";
import { encodeArray } from "../text-array.ts";
import { makePartitionsExpression, type Partitioning } from "./partitioning.ts";

const makePartitionsStatement: AnsweringStatement = {
  name: "make_partitions",
  expression: makePartitionsExpression,
};

const dropOldestPartitionStatement: AnsweringStatement = {
  name: "drop_oldest_partition",
  expression:
    "{drop_oldest_partition}($1::text::timestamptz, $2::text::text[], $3::text::float8[], $4::text::integer)",
};

type MakeAnswer = readonly [names: readonly string[], isDeferred: boolean];
type DropAnswer = readonly [
  name: string,
  droppedCount: number,
  movedCount: number,
  isDeferred: boolean,
];

/** A partition that is no more. */
export interface DroppedPartition {
  readonly name: string;
  /** Chains that went with it. */
  readonly droppedCount: number;
  /** Chains that nobody may delete yet. They were moved to the default partition. */
  readonly movedCount: number;
}

/** What a call of `maintainPartitions` did. */
export interface PartitionReport {
  /** The names of the partitions made, in the order of their time. */
  readonly made: readonly string[];
  /** Those dropped, the oldest first. */
  readonly dropped: readonly DroppedPartition[];
  /** True when a lock could not be had in time or another process was at it. What is left is done by a later call. */
  readonly isDeferred: boolean;
}

/** Makes the partitions that are to be there ahead. Where none is missing it reads the catalogue, and locks nothing. */
export async function makePartitions(
  session: Session,
  { everyMs, ahead }: Partitioning,
  lockTimeoutMs: number,
): Promise<PartitionReport> {
  const [made, isDeferred] = (await session.ask<MakeAnswer>(makePartitionsStatement, [
    session.now,
    String(everyMs),
    String(ahead),
    String(lockTimeoutMs),
  ])) ?? [[], false];
  return { made, dropped: [], isDeferred };
}

/**
 * Drops the oldest partition that is past the ages of all rules that have one; `undefined` when there is none. Chains that no such rule covers,
 * that closed too late or that are needed are moved out first. `maxCount` is not looked at.
 */
export async function dropOldestPartition(
  session: Session,
  rules: RetentionRules,
  lockTimeoutMs: number,
): Promise<PartitionReport | undefined> {
  const ages = (Object.keys(rules) as ClosedChainStatus[]).flatMap((status) => {
    const maxAgeMs = rules[status]?.maxAgeMs;
    return maxAgeMs === undefined ? [] : [{ status, maxAgeMs }];
  });
  const answer = await session.ask<DropAnswer>(dropOldestPartitionStatement, [
    session.now,
    encodeArray(ages.map(({ status }) => status)),
    encodeArray(ages.map(({ maxAgeMs }) => maxAgeMs)),
    String(lockTimeoutMs),
  ]);
  if (answer === undefined) return undefined;
  const [name, droppedCount, movedCount, isDeferred] = answer;
  const dropped = isDeferred ? [] : [{ name, droppedCount, movedCount }];
  return { made: [], dropped, isDeferred };
}

/** What a call of `maintainPartitions` is to do. */
export interface PartitionMaintenance {
  /** Whose `maxAgeMs` says which partitions are dropped; without one, none is. `maxCount` is not looked at. */
  readonly rules?: RetentionOptions;
  /** How long to wait for the lock that attaching and dropping needs, in ms: everybody waits as long. Default 500. */
  readonly lockTimeoutMs?: number;
}

/** Makes what is missing, then drops what is past, one partition a statement, until nothing is left or something has to wait. */
export async function maintainPartitions(
  run: (
    work: (session: Session) => Promise<PartitionReport | undefined>,
  ) => Promise<PartitionReport | undefined>,
  partitioning: Partitioning | undefined,
  { rules: given, lockTimeoutMs = 500 }: PartitionMaintenance,
): Promise<PartitionReport> {
  const rules = resolveRetention(given) ?? {};
  const { made, isDeferred } =
    (partitioning &&
      (await run((session) => makePartitions(session, partitioning, lockTimeoutMs)))) ??
    nothingDone;
  const dropped: DroppedPartition[] = [];
  for (;;) {
    const step = await run((session) => dropOldestPartition(session, rules, lockTimeoutMs));
    dropped.push(...(step?.dropped ?? []));
    if (step === undefined || step.isDeferred)
      return { made, dropped, isDeferred: isDeferred || step !== undefined };
  }
}

const nothingDone: PartitionReport = { made: [], dropped: [], isDeferred: false };
