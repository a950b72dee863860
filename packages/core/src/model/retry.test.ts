import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import {
  decideRetry,
  defaultRetryPolicy,
  resolveRetryPolicy,
  type ResolvedRetryPolicy,
  type RetryDecision,
  type RetryPolicy,
} from "./retry.ts";

const failure = { error: new Error("failed"), attempt: 1, isUnrecoverable: false, chance: 0 };

function policy(fields: RetryPolicy): ResolvedRetryPolicy {
  return resolveRetryPolicy(fields);
}

describe("a retry policy", () => {
  test("is the default where nothing is given", () => {
    expect(resolveRetryPolicy()).toEqual(defaultRetryPolicy);
    expect(
      resolveRetryPolicy(
        undefined,
        {},
        { maxAttempts: undefined, backoff: undefined, decide: undefined },
      ),
    ).toEqual(defaultRetryPolicy);
    expect(defaultRetryPolicy).toMatchObject({
      maxAttempts: 25,
      backoff: { initialMs: 1_000, factor: 2, maxMs: 3_600_000, jitter: 0.25 },
    });
  });

  test("takes each property from the last that gives it, the backoff's own ones too", () => {
    const decide = (): RetryDecision => "retry";
    const resolved = resolveRetryPolicy(
      { maxAttempts: 3, decide, backoff: { initialMs: 1, factor: 3 } },
      undefined,
      {
        maxAttempts: 8,
        backoff: { initialMs: 5, factor: undefined as never },
      },
    );
    expect(resolved).toEqual({
      maxAttempts: 8,
      decide,
      backoff: { initialMs: 5, factor: 3, maxMs: 3_600_000, jitter: 0.25 },
    });
  });
});

describe("a failed attempt", () => {
  test("is followed by another one after the backoff's wait", () => {
    const patient = policy({ backoff: { initialMs: 100, factor: 3, jitter: 0 } });
    expect(decideRetry(patient, { ...failure, attempt: 3 })).toEqual({
      kind: "retry",
      delayMs: 900,
    });
    expect(
      decideRetry(policy({ backoff: { initialMs: 100, jitter: 1 } }), { ...failure, chance: 0.5 }),
    ).toEqual({ kind: "retry", delayMs: 50 });
  });

  test("is the last one at the limit", () => {
    expect(decideRetry(policy({ maxAttempts: 3 }), { ...failure, attempt: 2 }).kind).toBe("retry");
    expect(decideRetry(policy({ maxAttempts: 3 }), { ...failure, attempt: 3 })).toEqual({
      kind: "fail",
    });
    expect(
      decideRetry(policy({ maxAttempts: Number.POSITIVE_INFINITY }), {
        ...failure,
        attempt: 10_000,
      }),
    ).toMatchObject({ kind: "retry" });
  });

  test("is the last one when it is unrecoverable, and nobody is asked", () => {
    const decide = vi.fn<() => RetryDecision>(() => "retry");
    expect(decideRetry(policy({ decide }), { ...failure, isUnrecoverable: true })).toEqual({
      kind: "fail",
    });
    expect(decide).not.toHaveBeenCalled();
  });

  test("is decided by the policy, which gets the error and the attempt", () => {
    const decide = vi.fn<NonNullable<RetryPolicy["decide"]>>(() => "fail");
    expect(decideRetry(policy({ decide }), { ...failure, attempt: 2 })).toEqual({ kind: "fail" });
    expect(decide).toHaveBeenCalledExactlyOnceWith(failure.error, { attempt: 2 });
    expect(decideRetry(policy({ decide: () => ({ retryAfterMs: 1_234 }) }), failure)).toEqual({
      kind: "retry",
      delayMs: 1_234,
    });
    expect(decideRetry(policy({ decide: () => ({ retryAfterMs: -5 }) }), failure)).toEqual({
      kind: "retry",
      delayMs: 0,
    });
    expect(
      decideRetry(policy({ decide: () => undefined, backoff: { jitter: 0 } }), failure),
    ).toEqual({ kind: "retry", delayMs: 1_000 });
  });

  test("D3: is the last one at the limit whatever the policy decides", () => {
    const anyDecision: fc.Arbitrary<RetryDecision | undefined> = fc.oneof(
      fc.constantFrom("retry" as const, "fail" as const, undefined),
      fc.nat().map((retryAfterMs) => ({ retryAfterMs })),
    );
    fc.assert(
      fc.property(
        anyDecision,
        fc.integer({ min: 1, max: 100 }),
        fc.nat({ max: 100 }),
        (decision, maxAttempts, over) => {
          expect(
            decideRetry(policy({ maxAttempts, decide: () => decision }), {
              ...failure,
              attempt: maxAttempts + over,
            }),
          ).toEqual({ kind: "fail" });
        },
      ),
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])(
    "waits a time that a store can keep when the policy decides %d",
    (retryAfterMs) => {
      const outcome = decideRetry(policy({ decide: () => ({ retryAfterMs }) }), failure);
      expect(outcome.kind).toBe("retry");
      expect(Number.isFinite((outcome as { delayMs: number }).delayMs)).toBe(true);
    },
  );
});
