import type { ClaimedJob, ClaimRequest } from "queuert/adapter";

import { encodeArray, encodeInteger, encodeIntegers } from "../text-array.ts";

/**
 * Where the last claims of an adapter ended, by type and priority. What was claimed stays in the index as dead entries until no open transaction
 * could still see it; a claim that begins where the last one ended does not step over them (trap C7). Private to the adapter: nothing is
 * promised on a cursor, and any adapter may have lost its own.
 */
export interface ClaimCursors {
  /** The probes of one claim. */
  plan(request: ClaimRequest | undefined): ClaimPlan;
}

export interface ClaimPlan {
  /** The values of `claimParameters`. */
  readonly values: readonly string[];
  /** Moves the cursors past what was claimed. To be called when the answer is there. */
  note(claimed: readonly ClaimedJob[]): void;
}

/** A job that became ready before the cursor may commit after it: looked at is this much of the time before the cursor. */
const slackMs = 200;

/**
 * Jobs that commit later than that are found by a claim without cursors. It costs as much as there are dead entries, so it may take this share of
 * the time: every claim while it is cheap, once in a while when it is dear.
 */
const fullShare = 1 / 10;
const fullIntervalMsMax = 5_000;

interface Probe {
  readonly low: number;
  readonly high: number;
  /** ms since the epoch; `undefined` = from the beginning. */
  readonly fromMs: number | undefined;
}

const priorityMax = 9;
const fullProbe: Probe = { low: 0, high: priorityMax, fromMs: undefined };

export function createClaimCursors(now: () => number = () => performance.now()): ClaimCursors {
  /** Type → priority → the newest ready time claimed. */
  const cursors = new Map<string, Map<number, number>>();
  let nextFullAt = 0;

  const advance = (jobs: readonly ClaimedJob[]): void => {
    for (const { type, priority, claimedAt, waitMs } of jobs) {
      const ofType = cursors.get(type) ?? new Map<number, number>();
      cursors.set(type, ofType);
      const readyMs = claimedAt.getTime() - waitMs;
      ofType.set(priority, Math.max(readyMs, ofType.get(priority) ?? 0));
    }
  };

  return {
    plan(request) {
      if (request === undefined) return { values: noClaim, note: () => undefined };
      const startedAt = now();
      const isFull = startedAt >= nextFullAt;
      const probesOf = (type: string): readonly Probe[] =>
        isFull ? [fullProbe] : listProbes(cursors.get(type));
      return {
        values: encodeClaim(request, probesOf),
        note(claimed) {
          if (isFull) {
            const elapsedMs = now() - startedAt;
            nextFullAt = now() + Math.min(elapsedMs / fullShare, fullIntervalMsMax);
          }
          advance(claimed);
        },
      };
    },
  };
}

/** One probe for each priority with a cursor, and one for the priorities between: a job of a priority that was never seen is found at once. */
function listProbes(ofType: ReadonlyMap<number, number> | undefined): readonly Probe[] {
  if (ofType === undefined) return [fullProbe];
  const probes: Probe[] = [];
  let low = 0;
  for (const [priority, readyMs] of [...ofType].toSorted(([left], [right]) => left - right)) {
    if (priority > low) probes.push({ low, high: priority - 1, fromMs: undefined });
    probes.push({ low: priority, high: priority, fromMs: readyMs - slackMs });
    low = priority + 1;
  }
  if (low <= priorityMax) probes.push({ low, high: priorityMax, fromMs: undefined });
  return probes;
}

const noClaim: readonly string[] = ["{}", "{}", "{}", "{}", "{}", "{}", "{}", "0", "0"];

function encodeClaim(
  { types, slots, ahead }: ClaimRequest,
  probesOf: (type: string) => readonly Probe[],
): readonly string[] {
  const wanted = types.filter(
    ({ type, limit }, index) =>
      limit > 0 && types.findIndex((other) => other.type === type) === index,
  );
  if (wanted.length === 0 || slots + ahead <= 0) return noClaim;
  const probes = wanted.map(({ type }) => probesOf(type));
  let last = 0;
  const lasts = probes.map((ofType) => (last += ofType.length));
  const all = probes.flat();
  return [
    encodeArray(wanted.map(({ type }) => type)),
    encodeIntegers(wanted.map(({ limit }) => Math.min(limit, slots + ahead))),
    encodeArray(probes.map((ofType, index) => lasts[index]! - ofType.length + 1)),
    encodeArray(lasts),
    encodeArray(all.map(({ low }) => low)),
    encodeArray(all.map(({ high }) => high)),
    encodeArray(
      all.map(({ fromMs }) =>
        fromMs === undefined ? "-infinity" : new Date(fromMs).toISOString(),
      ),
    ),
    encodeInteger(slots),
    encodeInteger(ahead),
  ];
}
