import type { ClaimedJob, ClaimRequest } from "queuert/adapter";
import { describe, expect, test } from "vitest";

import { createClaimCursors } from "./claim-cursors.ts";

const claimedAt = new Date("2026-01-01T00:00:10Z");
const request: ClaimRequest = { types: [{ type: "work", limit: 5 }], slots: 5, ahead: 2 };

function claimed(fields: Partial<ClaimedJob> = {}): ClaimedJob {
  return { type: "work", priority: 5, claimedAt, waitMs: 1_000, ...fields } as ClaimedJob;
}

/** Lows, highs and beginnings of the probes, and which belong to which type. */
function probesOf(values: readonly string[]): readonly string[] {
  const [, , firsts, lasts, lows, highs, from] = values;
  return [firsts, lasts, lows, highs, from] as string[];
}

describe("cursors of claims", () => {
  test("the first claim looks at everything, and so does each after a while that grows with what it cost", () => {
    let now = 0;
    const cursors = createClaimCursors(() => now);
    const first = cursors.plan(request);
    expect(probesOf(first.values)).toEqual(["{1}", "{1}", "{0}", "{9}", "{-infinity}"]);
    now = 4;
    first.note([claimed()]);
    now = 43;
    expect(probesOf(cursors.plan(request).values)[4]).not.toBe("{-infinity}");
    now = 44;
    expect(probesOf(cursors.plan(request).values)[4]).toBe("{-infinity}");
  });

  test("between them it begins a little before the newest ready time of each priority, and everywhere else at the beginning", () => {
    let now = 0;
    const cursors = createClaimCursors(() => now);
    const first = cursors.plan(request);
    now = 100;
    first.note([claimed(), claimed({ waitMs: 3_000 }), claimed({ priority: 0, waitMs: 0 })]);
    now = 101;
    expect(probesOf(cursors.plan(request).values)).toEqual([
      "{1}",
      "{4}",
      "{0,1,5,6}",
      "{0,4,5,9}",
      "{2026-01-01T00:00:09.800Z,-infinity,2026-01-01T00:00:08.800Z,-infinity}",
    ]);
  });

  test("a type that was never claimed is looked at as a whole, and one that is asked for twice once", () => {
    let now = 0;
    const cursors = createClaimCursors(() => now);
    const first = cursors.plan(request);
    now = 100;
    first.note([claimed()]);
    now = 101;
    const { values } = cursors.plan({
      types: [
        { type: "new", limit: 1 },
        { type: "work", limit: 9 },
        { type: "new", limit: 1 },
        { type: "full", limit: 0 },
      ],
      slots: 5,
      ahead: 2,
    });
    expect(values.slice(0, 4)).toEqual(["{new,work}", "{1,7}", "{1,2}", "{1,4}"]);
  });

  test("without room nothing is asked for", () => {
    const cursors = createClaimCursors();
    expect(cursors.plan({ ...request, slots: 0, ahead: 0 }).values[0]).toBe("{}");
    expect(cursors.plan(undefined).values[0]).toBe("{}");
  });
});
