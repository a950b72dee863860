import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { formatUuidV7 } from "./ids.ts";
import { ageBound, resolveRetention, type RetentionOptions } from "./retention.ts";

describe("the retention of closed chains", () => {
  test("is off where nothing is given, and where no rule would delete anything", () => {
    expect(resolveRetention(undefined)).toBeUndefined();
    expect(resolveRetention({})).toBeUndefined();
    expect(
      resolveRetention({ completed: {}, failed: undefined, cancelled: { maxAgeMs: undefined } }),
    ).toBeUndefined();
  });

  test("keeps the rules of the statuses that have one", () => {
    expect(resolveRetention({ failed: { maxCount: 0 }, completed: { maxAgeMs: 0 } })).toEqual({
      completed: { maxAgeMs: 0, maxCount: undefined },
      failed: { maxAgeMs: undefined, maxCount: 0 },
    });
  });

  test.each([
    ["all", "retention"],
    [{ open: { maxCount: 1 } }, "retention.open"],
    [{ complete: { maxCount: 1 } }, "retention.complete"],
    [{ completed: 1_000 }, "retention.completed"],
    [{ completed: null }, "retention.completed"],
    [{ completed: { maxAge: 1_000 } }, "retention.completed.maxAge"],
    [{ completed: { maxAgeMs: -1 } }, "retention.completed.maxAgeMs"],
    [{ completed: { maxAgeMs: 1.5 } }, "retention.completed.maxAgeMs"],
    [{ completed: { maxAgeMs: Number.NaN } }, "retention.completed.maxAgeMs"],
    [{ completed: { maxAgeMs: Number.POSITIVE_INFINITY } }, "retention.completed.maxAgeMs"],
    [{ cancelled: { maxCount: 100_001 } }, "retention.cancelled.maxCount"],
    [{ cancelled: { maxCount: "5" } }, "retention.cancelled.maxCount"],
  ])("refuses %j", (given, option) => {
    expect(() => resolveRetention(given as RetentionOptions)).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID", option }),
    );
  });
});

describe("the bounds of an age", () => {
  test("take in what closed that long ago, and every id that was made by then", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 41 }),
        fc.integer({ min: 0, max: 2 ** 41 }),
        fc.integer({ min: 0, max: 2 ** 41 }),
        fc.integer({ min: 0, max: 4_095 }),
        fc.uint8Array({ minLength: 10, maxLength: 10 }),
        (nowMs, maxAgeMs, idMs, sequence, random) => {
          const bound = ageBound(maxAgeMs, nowMs);
          expect(bound.closedUntilMs).toBe(nowMs - maxAgeMs);
          expect(formatUuidV7(idMs, sequence, random) < bound.idBelow).toBe(
            idMs <= bound.closedUntilMs,
          );
        },
      ),
    );
  });

  test("take in nothing without an age", () => {
    expect(ageBound(undefined, 5_000)).toEqual({
      closedUntilMs: Number.NEGATIVE_INFINITY,
      idBelow: "",
    });
  });
});
