import {
  AttemptLostError,
  AttemptsExhaustedError,
  HandlerOutcomeError,
  UnrecoverableError,
} from "../errors/attempt-errors.ts";
import { BlockerUnusableError } from "../errors/chain-errors.ts";
import { readBlockers } from "../engine/blocker-slots.ts";
import type { EngineContext } from "../engine/context.ts";
import { readPayload } from "../engine/payloads.ts";
import { encodeError } from "../model/error-codec.ts";
import { formatJobId } from "../model/ids.ts";
import { encodeJson } from "../model/json-codec.ts";
import { decideRetry } from "../model/retry.ts";
import type { Outcome } from "../ports/state-adapter.ts";
import type { Job } from "../types/job.ts";
import { tokenOf, type Attempt, type AttemptEnd, type AttemptRules } from "./attempt.ts";
import { createCommit, type Commit } from "./commit-attempt.ts";
import { createContinuation, createRescheduled, isSettled, toOutcome } from "./handler-outcomes.ts";
import { runThroughMiddleware } from "./middleware-chain.ts";

/** Runs one attempt to its end. Never throws: whatever goes wrong is an outcome. */
export async function runAttempt<TTransaction>(
  context: EngineContext<TTransaction>,
  attempt: Attempt,
  rules: AttemptRules,
): Promise<AttemptEnd> {
  const { job, handler } = attempt;
  if (job.attempt > handler.retry.maxAttempts) return exhausted(attempt);
  const timer =
    handler.timeoutMs === undefined
      ? undefined
      : context.clock.schedule(handler.timeoutMs, () => rules.abort("timeout"));
  const commit = createCommit(context, attempt, rules);
  try {
    const handle = (): Promise<unknown> => runHandler(context, attempt, commit);
    const returned = await (attempt.trace?.run(handle) ?? handle());
    return await endOfReturn(context, attempt, rules, commit, returned);
  } catch (error) {
    return await endOfThrow(context, attempt, commit, error);
  } finally {
    timer?.cancel();
  }
}

async function runHandler<TTransaction>(
  context: EngineContext<TTransaction>,
  attempt: Attempt,
  commit: Commit,
): Promise<unknown> {
  const { handler, controller } = attempt;
  return runThroughMiddleware(
    context.middleware,
    await createJob(context, attempt),
    controller.signal,
    (handlerContext, job) =>
      handler.handle({
        job,
        signal: controller.signal,
        context: handlerContext,
        continueWith: createContinuation,
        reschedule: createRescheduled,
        commit: commit.run,
        progress: (value: unknown) => {
          attempt.progress = encodeJson(value, `The progress of "${job.type}"`) ?? "null";
        },
      }),
  );
}

async function createJob<TTransaction>(
  context: EngineContext<TTransaction>,
  { job }: Attempt,
): Promise<Job> {
  return {
    id: formatJobId(job),
    type: job.type,
    chainId: job.chainId,
    chainIndex: job.chainIndex,
    chainType: job.chainType,
    attempt: job.attempt,
    token: tokenOf(job),
    input: await readPayload(context.jobTypes, job.type, "input", job.input),
    blockers: await readBlockers(context.jobTypes, job.type, job.blockers),
    priority: job.priority,
    createdAt: job.createdAt,
    scheduledAt: job.scheduledAt,
  };
}

async function endOfReturn<TTransaction>(
  context: EngineContext<TTransaction>,
  attempt: Attempt,
  rules: AttemptRules,
  commit: Commit,
  returned: unknown,
): Promise<AttemptEnd> {
  // A begun commit is always awaited: a handler that forgot to may not leave before it is known how the job stands.
  const committed = await commit.end();
  if (committed !== undefined) return committed;
  if (isSettled(returned)) {
    throw new HandlerOutcomeError(
      `The handler of "${attempt.job.type}" returned the result of another attempt's commit.`,
      { typeName: attempt.job.type },
    );
  }
  return {
    kind: "outcome",
    outcome: await toOutcome(context.jobTypes, attempt.job, returned, rules.maySettleSticky),
  };
}

async function endOfThrow<TTransaction>(
  context: EngineContext<TTransaction>,
  attempt: Attempt,
  commit: Commit,
  error: unknown,
): Promise<AttemptEnd> {
  // The handler threw beside a commit of its own: what has committed stands.
  const committed = await commit.end().catch(() => undefined);
  if (committed !== undefined) {
    if (committed.kind === "committed")
      context.events.emit([
        {
          name: "callback.failed",
          callback: "handlerAfterCommit",
          error,
          jobId: formatJobId(attempt.job),
        },
      ]);
    return committed;
  }
  if (error instanceof AttemptLostError) return { kind: "lost", reason: error.reason };
  return failedEnd(context, attempt, error);
}

/** The end of an attempt that failed with `error`: given back when its worker stops, else by its retry policy. */
export function failedEnd<TTransaction>(
  context: EngineContext<TTransaction>,
  attempt: Attempt,
  error: unknown,
): Extract<AttemptEnd, { kind: "outcome" }> {
  const { controller } = attempt;
  if (
    controller.signal.aborted &&
    (controller.signal.reason as { reason?: unknown }).reason === "shutdown"
  ) {
    return { kind: "outcome", outcome: { kind: "released" }, error };
  }
  const decision = decideSafely(context, attempt, error);
  const text = encodeError(error);
  const outcome: Outcome =
    decision.kind === "retry"
      ? { kind: "retried", delayMs: decision.delayMs, error: text }
      : { kind: "failed", error: text };
  return { kind: "outcome", outcome, error };
}

function decideSafely<TTransaction>(
  context: EngineContext<TTransaction>,
  { job, handler }: Attempt,
  error: unknown,
): ReturnType<typeof decideRetry> {
  const failure = {
    error,
    attempt: job.attempt,
    isUnrecoverable: error instanceof UnrecoverableError,
    chance: context.chance.fraction(),
  };
  try {
    return decideRetry(handler.retry, failure);
  } catch (decideError) {
    context.events.emit([
      { name: "callback.failed", callback: "effect", error: decideError, jobId: formatJobId(job) },
    ]);
    return decideRetry({ ...handler.retry, decide: undefined }, failure);
  }
}

function exhausted({ job, handler }: Attempt): AttemptEnd {
  const error = new AttemptsExhaustedError({
    jobId: formatJobId(job),
    attemptCountMax: handler.retry.maxAttempts,
  });
  return { kind: "outcome", outcome: { kind: "failed", error: encodeError(error) }, error };
}

/** A continuation could not be inserted: the attempt failed for it. */
export function refusedEnd<TTransaction>(
  context: EngineContext<TTransaction>,
  attempt: Attempt,
  refusal: { readonly blockerChainId: string; readonly reason: "notFound" | "cancelled" },
): Extract<AttemptEnd, { kind: "outcome" }> {
  return failedEnd(
    context,
    attempt,
    new BlockerUnusableError({ chainId: refusal.blockerChainId, reason: refusal.reason }),
  );
}
