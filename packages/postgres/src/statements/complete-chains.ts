import type {
  BlockerReference,
  ChainCompletion,
  ChainStatus,
  CompletionResult,
  NewJob,
  SettleEffects,
  WakenedJob,
} from "queuert/adapter";

import type { AnsweringStatement, Session } from "../connections/session.ts";
import { encodeArray } from "../text-array.ts";
import { encodeUuid } from "../uuids.ts";
import { delayOf, instantOf } from "./schedules.ts";

const statement: AnsweringStatement = {
  name: "complete_chains",
  expression: `{complete_chains}($1::text::timestamptz, $2::text::uuid[], $3::text::text[], $4::text::text[], $5::text::text[], $6::text::text[],
    $7::text::text[], $8::text::smallint[], $9::text::float8[], $10::text::float8[], $11::text::text[], $12::text::integer[], $13::text::integer[],
    $14::text::text[], $15::text::integer[], $16::text::uuid[])`,
};

type ReleasedRow = readonly [
  chainId: string,
  chainIndex: number,
  type: string,
  status: WakenedJob["status"],
  blockedMs: number,
];

type CompletedRow =
  | readonly ["notFound"]
  | readonly ["notOpen", chainStatus: ChainStatus]
  | readonly ["otherType", type: string]
  | readonly ["blocked"]
  | readonly ["refused", blockerPlace: number, reason: "notFound" | "cancelled"]
  | readonly [
      "completed",
      chainIndex: number,
      chainType: string,
      workerId: string | null,
      closing: readonly [chainDurationMs: number, released: readonly ReleasedRow[] | null],
    ]
  | readonly [
      "continued",
      chainIndex: number,
      chainType: string,
      workerId: string | null,
      nextStatus: NonNullable<SettleEffects["waiting"]>["status"],
    ];

/** Ends the open job of each chain without a worker. */
export async function completeChains(
  session: Session,
  items: readonly ChainCompletion[],
): Promise<readonly CompletionResult[]> {
  const blockers = items.flatMap(blockersOf);
  const rows = await session.ask<readonly CompletedRow[]>(statement, [
    session.now,
    ...encodeItems(items),
    ...encodeBlockers(items, blockers),
  ]);
  return rows!.map((row, index) => decodeCompleted(items[index]!, row, blockers));
}

function nextOf({ outcome }: ChainCompletion): NewJob | undefined {
  return outcome.kind === "continued" ? outcome.next : undefined;
}

function blockersOf(item: ChainCompletion): readonly BlockerReference[] {
  return nextOf(item)?.blockers ?? [];
}

function encodeItems(items: readonly ChainCompletion[]): readonly string[] {
  const nexts = items.map(nextOf);
  return [
    encodeArray(items.map(({ chainId }) => encodeUuid(chainId))),
    encodeArray(items.map(({ type }) => type)),
    encodeArray(items.map(({ outcome }) => outcome.kind)),
    encodeArray(
      items.map(({ outcome }) =>
        outcome.kind === "completed" ? outcome.output : outcome.next.input,
      ),
    ),
    encodeArray(items.map(({ traceContext }) => traceContext)),
    encodeArray(nexts.map((next) => next?.type)),
    encodeArray(nexts.map((next) => next?.priority)),
    encodeArray(nexts.map((next) => delayOf(next?.schedule))),
    encodeArray(nexts.map((next) => instantOf(next?.schedule))),
    encodeArray(nexts.map((next) => next?.traceContext)),
  ];
}

/** All blockers in one list; each item says where its own begin and end. */
function encodeBlockers(
  items: readonly ChainCompletion[],
  blockers: readonly BlockerReference[],
): readonly string[] {
  let count = 0;
  const ends = items.map((item) => (count += blockersOf(item).length));
  return [
    encodeArray(items.map((item, index) => ends[index]! - blockersOf(item).length + 1)),
    encodeArray(ends),
    encodeArray(blockers.map(({ slot }) => slot)),
    encodeArray(blockers.map(({ ordinal }) => ordinal)),
    encodeArray(blockers.map(({ chainId }) => encodeUuid(chainId))),
  ];
}

function decodeCompleted(
  item: ChainCompletion,
  row: CompletedRow,
  blockers: readonly BlockerReference[],
): CompletionResult {
  switch (row[0]) {
    case "notFound":
    case "blocked":
      return { outcome: row[0] };
    case "notOpen":
      return { outcome: row[0], chainStatus: row[1] };
    case "otherType":
      return { outcome: row[0], type: row[1] };
    case "refused": {
      const [outcome, blockerPlace, reason] = row;
      return { outcome, blockerChainId: blockers[blockerPlace - 1]!.chainId, reason };
    }
    case "completed": {
      const [outcome, chainIndex, chainType, workerId, [chainDurationMs, released]] = row;
      const effects: SettleEffects = {
        chainStatus: "completed",
        chainDurationMs,
        unblocked: (released ?? []).map(decodeReleased),
      };
      return { outcome, chainIndex, chainType, workerId: workerId ?? undefined, effects };
    }
    case "continued": {
      const [outcome, chainIndex, chainType, workerId, status] = row;
      const waiting = { type: nextOf(item)!.type, status };
      const effects: SettleEffects = { waiting, unblocked: [] };
      return { outcome, chainIndex, chainType, workerId: workerId ?? undefined, effects };
    }
  }
}

function decodeReleased(row: ReleasedRow): WakenedJob {
  const [chainId, chainIndex, type, status, blockedMs] = row;
  return { chainId, chainIndex, type, status, blockedMs };
}
