import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OptionInvalidError } from "../errors/value-errors.ts";
import { delayMsMax, resolveSchedule, scheduledAtMs } from "./schedule.ts";

describe("a schedule", () => {
  test("is none where nothing is given", () => {
    expect(resolveSchedule({})).toBeUndefined();
    expect(resolveSchedule({ scheduledAt: undefined, delayMs: undefined })).toBeUndefined();
  });

  test("P8: is an instant, or a delay from the store's now", () => {
    const at = new Date(5_000);
    expect(resolveSchedule({ scheduledAt: at })).toEqual({ at });
    expect(resolveSchedule({ delayMs: 250 })).toEqual({ delayMs: 250 });
    expect(scheduledAtMs({ at }, 1_000)).toBe(5_000);
    expect(scheduledAtMs({ delayMs: 250 }, 1_000)).toBe(1_250);
    expect(scheduledAtMs(undefined, 1_000)).toBe(1_000);
  });

  test("never runs a job before its time: parts of a ms count as a whole one", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: delayMsMax, noNaN: true }),
        fc.nat(),
        (delayMs, nowMs) => {
          const scheduled = scheduledAtMs(resolveSchedule({ delayMs }), nowMs);
          expect(Number.isInteger(scheduled)).toBe(true);
          expect(scheduled - nowMs).toBeGreaterThanOrEqual(delayMs);
          expect(scheduled - nowMs).toBeLessThanOrEqual(delayMs + 1);
        },
      ),
    );
  });

  test("ends in an instant that a Date can hold", () => {
    const scheduled = new Date(
      scheduledAtMs(resolveSchedule({ delayMs: delayMsMax }), Date.UTC(2100, 0)),
    );
    expect(scheduled.getUTCFullYear()).toBe(2199);
  });

  test.each([
    { scheduledAt: new Date(0), delayMs: 0 },
    { scheduledAt: new Date(Number.NaN) },
    { scheduledAt: "2030-01-01" as unknown as Date },
    { delayMs: -1 },
    { delayMs: Number.NaN },
    { delayMs: Number.POSITIVE_INFINITY },
    { delayMs: delayMsMax + 1 },
  ])("is refused for $scheduledAt and $delayMs", (options) => {
    expect(() => resolveSchedule(options)).toThrow(OptionInvalidError);
  });
});
