import type { TypeStats } from "../ports/state-reads.ts";
import { compareText } from "./rows.ts";
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
  let oldestAtMs: number | undefined;
  let head = ready?.first();
  while (ready !== undefined && head !== undefined) {
    oldestAtMs = Math.min(oldestAtMs ?? head.readyAtMs!, head.readyAtMs!);
    const { priority } = head;
    head = ready.ascending((row) => row.priority <= priority).next().value ?? undefined;
  }
  return oldestAtMs === undefined ? undefined : Math.max(0, nowMs - oldestAtMs);
}
