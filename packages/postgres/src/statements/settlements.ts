import type {
  JobStatus,
  LostReason,
  NewJob,
  Schedule,
  SettleEffects,
  Settlement,
  Verdict,
  WakenedJob,
} from "queuert/adapter";

import { encodeArray, encodeIntegers } from "../text-array.ts";
import { encodeUuid } from "../uuids.ts";
import { decodeClaimedJob, type ClaimedRow } from "./claimed-jobs.ts";
import { delayOf, instantOf } from "./schedules.ts";

/** The placeholders of settlements, from `$4` on; {@link encodeSettlements} fills them. */
export const settlementPlaceholders = `$4::text::integer[], $5::text::integer[], $6::text::integer[], $7::text::uuid[], $8::text::integer[],
  $9::text::integer[], $10::text::text[], $11::text::text[], $12::text::text[], $13::text::float8[], $14::text::float8[], $15::text::text[],
  $16::text::smallint[], $17::text::text[], $18::text::boolean[], $19::text::text[], $20::text::integer[], $21::text::uuid[]`;

/** Settlements that do not depend on each other, in the order of their keys, each with its place in the request. */
type Group = readonly { readonly settlement: Settlement; readonly place: number }[];

/** As the function answers for a group. */
export type GroupAnswer = readonly [
  verdicts: readonly ("held" | "already" | "refused" | "deferred" | LostReason)[],
  chainDurations: readonly (number | null)[],
  refusal: readonly [blockerChainId: string, reason: "notFound" | "cancelled"] | null,
  returned: readonly (readonly [chainId: string, type: string, status: WaitingStatus])[] | null,
  continued:
    | readonly (readonly [chainId: string, status: JobStatus, claim: ClaimedRow | null])[]
    | null,
  released:
    | readonly (readonly [
        place: number,
        chainId: string,
        chainIndex: number,
        type: string,
        status: WakenedJob["status"],
        blockedMs: number,
      ])[]
    | null,
];

type WaitingStatus = NonNullable<SettleEffects["waiting"]>["status"];

/**
 * A continuation with blockers may wait for a chain that an earlier settlement closes, so it stands alone and in its turn. A chain that comes
 * again, with an attempt that is handed in twice or with its next job, has to find what came before it: it begins the next group.
 */
export function groupSettlements(settlements: readonly Settlement[]): readonly Group[] {
  const groups: { readonly settlement: Settlement; readonly place: number }[][] = [];
  const chainIds = new Set<string>();
  let isOpen = false;
  settlements.forEach((settlement, index) => {
    const isAlone = blockersOf(settlement).length > 0;
    if (!isOpen || isAlone || chainIds.has(settlement.chainId)) {
      groups.push([]);
      chainIds.clear();
    }
    groups.at(-1)!.push({ settlement, place: index + 1 });
    chainIds.add(settlement.chainId);
    isOpen = !isAlone;
  });
  return groups.map((group) =>
    group.toSorted((left, right) => compareKeys(left.settlement, right.settlement)),
  );
}

/** As the database orders keys: UUIDs in lower case sort as their bytes do. */
function compareKeys(left: Settlement, right: Settlement): number {
  if (left.chainId !== right.chainId) return left.chainId < right.chainId ? -1 : 1;
  return left.chainIndex - right.chainIndex;
}

function nextOf({ outcome }: Settlement): NewJob | undefined {
  return outcome.kind === "continued" ? outcome.next : undefined;
}

function blockersOf(settlement: Settlement): NewJob["blockers"] {
  return nextOf(settlement)?.blockers ?? [];
}

/** Whether a settlement takes the next job of its chain at once, for which the lease must be live. */
export function isSticky({ outcome }: Settlement): boolean {
  return outcome.kind === "continued" && outcome.isSticky;
}

export function encodeSettlements(groups: readonly Group[]): readonly string[] {
  const entries = groups.flat();
  const settlements = entries.map(({ settlement }) => settlement);
  const blockers = settlements.flatMap(blockersOf);
  const hasNext = settlements.some((settlement) => nextOf(settlement) !== undefined);
  const hasSchedule = settlements.some((settlement) => scheduleOf(settlement) !== undefined);
  const ofNext = (valueOf: (next: NewJob | undefined, settlement: Settlement) => ArrayEntry) =>
    hasNext
      ? encodeArray(settlements.map((settlement) => valueOf(nextOf(settlement), settlement)))
      : "{}";
  const ofSchedule = (valueOf: (schedule: Schedule | undefined) => ArrayEntry) =>
    hasSchedule
      ? encodeArray(settlements.map((settlement) => valueOf(scheduleOf(settlement))))
      : "{}";
  let end = 0;
  let blockerEnd = 0;
  const ends = groups.map((group) => (end += group.length));
  const blockerEnds = groups.map(
    (group) =>
      (blockerEnd += group.reduce((sum, entry) => sum + blockersOf(entry.settlement).length, 0)),
  );
  return [
    encodeArray(ends),
    encodeArray(blockerEnds),
    encodeArray(entries.map(({ place }) => place)),
    encodeArray(settlements.map(({ chainId }) => chainId)),
    encodeIntegers(settlements.map(({ chainIndex }) => chainIndex)),
    encodeIntegers(settlements.map(({ claimNo }) => claimNo)),
    encodeArray(settlements.map(({ outcome }) => outcome.kind)),
    encodeArray(settlements.map(payloadOf)),
    settlements.some(({ traceContext }) => traceContext !== undefined)
      ? encodeArray(settlements.map(({ traceContext }) => traceContext))
      : "{}",
    ofSchedule(delayOf),
    ofSchedule(instantOf),
    ofNext((next) => next?.type),
    ofNext((next) => next?.priority),
    ofNext((next) => next?.traceContext),
    ofNext((_, settlement) => isSticky(settlement)),
    encodeArray(blockers.map(({ slot }) => slot)),
    encodeArray(blockers.map(({ ordinal }) => ordinal)),
    encodeArray(blockers.map(({ chainId }) => encodeUuid(chainId))),
  ];
}

type ArrayEntry = string | number | boolean | undefined;

/** The one payload that an outcome has: an output, an error, or the next job's input. */
function payloadOf({ outcome }: Settlement): string | undefined {
  switch (outcome.kind) {
    case "completed":
      return outcome.output;
    case "continued":
      return outcome.next.input;
    case "retried":
    case "failed":
      return outcome.error;
    case "rescheduled":
    case "released":
      return undefined;
  }
}

/** When the job runs again, or the next one may begin. */
function scheduleOf({ outcome }: Settlement): Schedule | undefined {
  switch (outcome.kind) {
    case "continued":
      return outcome.next.schedule;
    case "retried":
      return { delayMs: outcome.delayMs };
    case "rescheduled":
      return outcome.schedule;
    case "completed":
    case "failed":
    case "released":
      return undefined;
  }
}

/** The verdicts, in the order of the request. */
export function decodeVerdicts(
  groups: readonly Group[],
  answers: readonly GroupAnswer[],
): readonly Verdict[] {
  const verdicts: Verdict[] = [];
  groups.forEach((group, groupIndex) => {
    const answer = answers[groupIndex]!;
    const details = readDetails(answer);
    group.forEach(({ settlement, place }, index) => {
      verdicts[place - 1] = decodeVerdict(settlement, answer[0][index]!, {
        ...details,
        chainDurationMs: answer[1][index] ?? 0,
        released: details.releasedBy.get(place) ?? [],
      });
    });
  });
  return verdicts;
}

/** What an answer says beyond verdicts, by chain or place; most batches have nothing of it. */
interface GroupDetails {
  readonly refusal: GroupAnswer[2];
  readonly waiting: ReadonlyMap<string, NonNullable<SettleEffects["waiting"]>>;
  readonly continued: ReadonlyMap<string, readonly [JobStatus, ClaimedRow | null]>;
  readonly releasedBy: ReadonlyMap<number, readonly WakenedJob[]>;
}

/** The same for one settlement. */
interface Details extends GroupDetails {
  readonly chainDurationMs: number;
  readonly released: readonly WakenedJob[];
}

function readDetails([, , refusal, returned, continued, released]: GroupAnswer): GroupDetails {
  const releasedBy = new Map<number, WakenedJob[]>();
  for (const [place, chainId, chainIndex, type, status, blockedMs] of released ?? []) {
    const jobs = releasedBy.get(place) ?? [];
    releasedBy.set(place, jobs);
    jobs.push({ chainId, chainIndex, type, status, blockedMs });
  }
  return {
    refusal,
    waiting: new Map(
      (returned ?? []).map(([chainId, type, status]) => [chainId, { type, status }]),
    ),
    continued: new Map(
      (continued ?? []).map(([chainId, status, claim]) => [chainId, [status, claim]]),
    ),
    releasedBy,
  };
}

function decodeVerdict(
  settlement: Settlement,
  verdict: GroupAnswer[0][number],
  details: Details,
): Verdict {
  switch (verdict) {
    case "held":
      return decodeSettled(settlement, details);
    case "already": {
      const [, claim] = details.continued.get(settlement.chainId) ?? [];
      return claim === undefined || claim === null
        ? { kind: "already" }
        : { kind: "already", next: decodeClaimedJob(claim) };
    }
    case "deferred":
      return { kind: "deferred" };
    case "refused": {
      const [blockerChainId, reason] = details.refusal!;
      return { kind: "refused", blockerChainId, reason };
    }
    default:
      return { kind: "lost", reason: verdict };
  }
}

function decodeSettled({ outcome, chainId }: Settlement, details: Details): Verdict {
  switch (outcome.kind) {
    case "completed":
    case "failed":
      return {
        kind: "settled",
        effects: {
          chainStatus: outcome.kind,
          chainDurationMs: details.chainDurationMs,
          unblocked: details.released,
        },
      };
    case "continued": {
      const [status, claim] = details.continued.get(chainId)!;
      if (claim !== null)
        return { kind: "settled", next: decodeClaimedJob(claim), effects: { unblocked: [] } };
      const waiting = { type: outcome.next.type, status: status as WaitingStatus };
      return { kind: "settled", effects: { waiting, unblocked: [] } };
    }
    case "retried":
    case "rescheduled":
    case "released":
      return {
        kind: "settled",
        effects: { waiting: details.waiting.get(chainId)!, unblocked: [] },
      };
  }
}
