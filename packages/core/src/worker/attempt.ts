import type { AbortReason, LostReason } from "../errors/attempt-errors.ts";
import { AttemptAbortedError } from "../errors/attempt-errors.ts";
import { formatJobId } from "../model/ids.ts";
import type { AttemptKey, ClaimedJob, Outcome } from "../ports/state-adapter.ts";
import type { AttemptSubject } from "../ports/telemetry.ts";
import type { AttemptTrace, TracedAttempt } from "../ports/tracing.ts";
import type { ResolvedHandler } from "./worker-options.ts";

/**
 * One job in a worker's hands, from the claim to the verdict:
 * held → running → settling → gone. A running attempt may be lost meanwhile (`lostReason`): it runs on to its end, and nothing is settled.
 */
export interface Attempt {
  readonly job: ClaimedJob;
  readonly handler: ResolvedHandler;
  readonly workerId: string;
  readonly controller: AbortController;
  /** How many jobs of its chain came before it in the same slot without a claim in between. */
  readonly stickyCount: number;
  /** On the monotonic clock; `undefined` while it is held. */
  startedAtMs: number | undefined;
  lostReason: LostReason | undefined;
  /** JSON text of the latest progress that has not been sent. */
  progress: string | undefined;
  /** A `commit` ended in an error after it had settled: nobody knows whether it took effect. */
  isInDoubt: boolean;
  /** Once the attempt is to settle with a sticky continuation: the next job may appear before the reply, and stays unknown until the handler returns. */
  expectedNext: AttemptKey | undefined;
  /** Set when it begins, where there is telemetry. */
  trace: AttemptTrace | undefined;
}

/** What the machine decides for a running attempt. */
export interface AttemptRules {
  /** Whether this worker would run a continuation of this type at once. */
  readonly maySettleSticky: (nextType: string) => boolean;
  /** Aborts the attempt, and tells so. */
  readonly abort: (reason: AbortReason) => void;
}

/** How an attempt came out of its handler. */
export type AttemptEnd =
  /** To be settled by the next exchange. */
  | { readonly kind: "outcome"; readonly outcome: Outcome; readonly error?: unknown }
  /** `commit` has settled it. `next` is the sticky continuation. */
  | { readonly kind: "committed"; readonly outcome: Outcome; readonly next: ClaimedJob | undefined }
  /** The fence refused it. */
  | { readonly kind: "lost"; readonly reason: LostReason };

export function createAttempt(
  job: ClaimedJob,
  handler: ResolvedHandler,
  workerId: string,
  stickyCount: number,
): Attempt {
  return {
    job,
    handler,
    workerId,
    controller: new AbortController(),
    stickyCount,
    startedAtMs: undefined,
    lostReason: undefined,
    progress: undefined,
    isInDoubt: false,
    expectedNext: undefined,
    trace: undefined,
  };
}

/** The fence of an attempt. */
export function keyOf(job: AttemptKey): AttemptKey {
  return { chainId: job.chainId, chainIndex: job.chainIndex, claimNo: job.claimNo };
}

/** One text for each attempt; also the token that a handler sees. */
export function tokenOf(key: AttemptKey): string {
  return `${key.chainId}:${key.chainIndex}:${key.claimNo}`;
}

/** Tells the handler to stop; the first reason stays. */
export function abortAttempt(attempt: Attempt, reason: AbortReason): boolean {
  if (attempt.controller.signal.aborted) return false;
  attempt.controller.abort(new AttemptAbortedError({ jobId: formatJobId(attempt.job), reason }));
  return true;
}

/** What telemetry is told of an attempt that begins. */
export function tracedAttempt(attempt: Attempt, workerName: string): TracedAttempt {
  const { traceContext, createdAt, scheduledAt, claimedAt, waitMs, blockers } = attempt.job;
  return {
    ...subjectOf(attempt),
    workerName,
    traceContext,
    createdAt,
    scheduledAt,
    claimedAt,
    waitMs,
    blockers,
  };
}

/** What events name of an attempt. */
export function subjectOf({ job, workerId }: Attempt): AttemptSubject {
  const { chainId, chainType, type, attempt } = job;
  return { chainId, chainType, jobId: formatJobId(job), type, attempt, workerId };
}
