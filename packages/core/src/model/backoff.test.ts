import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { backoffDelayMs, type Backoff } from "./backoff.ts";

const anyBackoff: fc.Arbitrary<Backoff> = fc.record({
  initialMs: fc.nat({ max: 86_400_000 }),
  factor: fc.double({ min: 1, max: 10, noNaN: true }),
  maxMs: fc.nat({ max: 86_400_000 }),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
});
const anyAttempt = fc.integer({ min: 1, max: 10_000 });
const anyChance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe("the wait after an attempt", () => {
  test("grows from the first wait by the factor up to the longest", () => {
    const backoff: Backoff = { initialMs: 1_000, factor: 2, maxMs: 10_000, jitter: 0 };
    expect([1, 2, 3, 4, 5, 6].map((attempt) => backoffDelayMs(backoff, attempt, 0.5))).toEqual([
      1_000, 2_000, 4_000, 8_000, 10_000, 10_000,
    ]);
  });

  test("D2: is the longest wait at attempt 10,000, and never less than a little below", () => {
    const backoff: Backoff = { initialMs: 1_000, factor: 2, maxMs: 3_600_000, jitter: 0.25 };
    expect(backoffDelayMs(backoff, 10_000, 0)).toBe(3_600_000);
    expect(backoffDelayMs(backoff, 10_000, 0.999_999)).toBeGreaterThanOrEqual(2_700_000);
  });

  test("D2: is a whole number from 0 to the longest wait, whatever the attempt", () => {
    fc.assert(
      fc.property(anyBackoff, anyAttempt, anyChance, (backoff, attempt, chance) => {
        const delayMs = backoffDelayMs(backoff, attempt, chance);
        expect(Number.isInteger(delayMs)).toBe(true);
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThanOrEqual(backoff.maxMs);
      }),
    );
  });

  test("never shrinks from one attempt to the next", () => {
    fc.assert(
      fc.property(anyBackoff, anyAttempt, anyChance, (backoff, attempt, chance) => {
        expect(backoffDelayMs(backoff, attempt + 1, chance)).toBeGreaterThanOrEqual(
          backoffDelayMs(backoff, attempt, chance),
        );
      }),
    );
  });

  test("varies by no more than the jitter's share", () => {
    fc.assert(
      fc.property(anyBackoff, anyAttempt, anyChance, (backoff, attempt, chance) => {
        const full = backoffDelayMs({ ...backoff, jitter: 0 }, attempt, chance);
        const delayMs = backoffDelayMs(backoff, attempt, chance);
        expect(delayMs).toBeLessThanOrEqual(full);
        // Rounding may take half a ms on either side.
        expect(delayMs).toBeGreaterThanOrEqual(full * (1 - backoff.jitter) - 1);
      }),
    );
  });

  test("D2: stays 0 when the first wait is 0, at any attempt", () => {
    const backoff: Backoff = { initialMs: 0, factor: 2, maxMs: 3_600_000, jitter: 0 };
    expect([1, 2, 1_000, 10_000].map((attempt) => backoffDelayMs(backoff, attempt, 0))).toEqual([
      0, 0, 0, 0,
    ]);
  });
});
