import { backoffDelayMs, type Backoff } from "./backoff.ts";
import { delayMsMax } from "./schedule.ts";

/** What to do about a failed attempt: retry by the policy's backoff, retry after a given time, or fail the job at once. */
export type RetryDecision = "retry" | "fail" | { readonly retryAfterMs: number };

/** How often and when a job is tried again. */
export interface RetryPolicy {
  /** Attempts in all, the first included. 1 or more; `Infinity` never gives up. Default 25. */
  readonly maxAttempts?: number | undefined;
  /** The wait between attempts. Default: 1 s, doubling, up to 1 hour, a quarter of it jitter. */
  readonly backoff?: Partial<Backoff> | undefined;
  /** Decides per error, before the limit is looked at: `maxAttempts` holds whatever it answers (trap D3). Must not throw. */
  readonly decide?:
    | ((error: unknown, attempt: { readonly attempt: number }) => RetryDecision | undefined)
    | undefined;
}

/** A policy with every default filled in. */
export interface ResolvedRetryPolicy {
  readonly maxAttempts: number;
  readonly backoff: Backoff;
  readonly decide: RetryPolicy["decide"];
}

export const defaultRetryPolicy: ResolvedRetryPolicy = {
  maxAttempts: 25,
  backoff: { initialMs: 1_000, factor: 2, maxMs: 3_600_000, jitter: 0.25 },
  decide: undefined,
};

/** Later policies win, property by property. */
export function resolveRetryPolicy(
  ...policies: readonly (RetryPolicy | undefined)[]
): ResolvedRetryPolicy {
  let resolved = defaultRetryPolicy;
  for (const policy of policies) {
    if (policy === undefined) continue;
    resolved = {
      maxAttempts: policy.maxAttempts ?? resolved.maxAttempts,
      backoff: { ...resolved.backoff, ...withoutUndefined(policy.backoff ?? {}) },
      decide: policy.decide ?? resolved.decide,
    };
  }
  return resolved;
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as T;
}

/** What follows a failed attempt: another one after `delayMs`, or the failure of the job. */
export type RetryOutcome =
  | { readonly kind: "retry"; readonly delayMs: number }
  | { readonly kind: "fail" };

/**
 * Decides about a failed attempt. `isUnrecoverable` and a decision of "fail" end it; a used-up limit ends it whatever was decided.
 * `chance` is a number in [0, 1) for the jitter.
 */
export function decideRetry(
  policy: ResolvedRetryPolicy,
  failure: {
    readonly error: unknown;
    readonly attempt: number;
    readonly isUnrecoverable: boolean;
    readonly chance: number;
  },
): RetryOutcome {
  if (failure.isUnrecoverable) return { kind: "fail" };
  const decision = policy.decide?.(failure.error, { attempt: failure.attempt }) ?? "retry";
  if (decision === "fail" || failure.attempt >= policy.maxAttempts) return { kind: "fail" };
  if (decision !== "retry")
    return { kind: "retry", delayMs: storableDelayMs(decision.retryAfterMs) };
  return {
    kind: "retry",
    delayMs: backoffDelayMs(policy.backoff, failure.attempt, failure.chance),
  };
}

/** What a policy says is the user's arithmetic: no number is taken for no wait, and any other is brought into range. */
function storableDelayMs(delayMs: number): number {
  return Number.isNaN(delayMs) ? 0 : Math.ceil(Math.min(Math.max(0, delayMs), delayMsMax));
}
