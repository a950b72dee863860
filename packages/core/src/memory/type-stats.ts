import type { TypeStats } from "../ports/state-reads.ts";
import { take, type OrderedSet } from "./ordered-set.ts";
import { compareText, type JobRow } from "./rows.ts";
import type { Tables } from "./tables.ts";

/** Jobs that are not final, and failed ones, by type and status. */
export function typeStats(tables: Tables, cap: number, nowMs: number): readonly TypeStats[] {
  return [...tables.jobIndex.counts()]
    .filter(([, counts]) => Object.values(counts).some((count) => count > 0))
    .toSorted(([left], [right]) => compareText(left, right))
    .map(([type, { blocked, scheduled, ready, running, failed }]) => ({
      type,
      isPaused: tables.types.get(type)?.isPaused === true,
      counts: {
        blocked: Math.min(blocked, cap),
        scheduled: Math.min(scheduled, cap),
        ready: Math.min(ready, cap),
        running: Math.min(running, cap),
        failed: Math.min(failed, cap),
      },
      oldestReadyMs: oldestReadyMs(tables, type, nowMs),
    }));
}

/** Ready jobs stand by priority first, so the oldest is at the head of one of the priorities: one look at each, not a walk over all. */
function oldestReadyMs(tables: Tables, type: string, nowMs: number): number | undefined {
  const ready = tables.jobIndex.ready(type);
  if (ready === undefined) return undefined;
  let oldestAtMs = Number.POSITIVE_INFINITY;
  for (let head = ready.first(); head !== undefined; head = headAfter(ready, head.priority)) {
    oldestAtMs = Math.min(oldestAtMs, head.readyAtMs!);
  }
  return Math.max(0, nowMs - oldestAtMs);
}

function headAfter(ready: OrderedSet<JobRow>, priority: number): JobRow | undefined {
  const [head] = take(
    ready.ascending((row) => row.priority <= priority),
    1,
  );
  return head;
}
