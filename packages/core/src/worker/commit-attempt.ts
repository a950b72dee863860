import {
  AttemptLostError,
  HandlerOutcomeError,
  type LostReason,
} from "../errors/attempt-errors.ts";
import { BlockerUnusableError } from "../errors/chain-errors.ts";
import type { EngineContext } from "../engine/context.ts";
import { settleSignals } from "../engine/settle-signals.ts";
import { bufferOf, runTransaction } from "../engine/transaction-hooks.ts";
import { formatJobId } from "../model/ids.ts";
import type { ClaimedJob, Outcome, Verdict } from "../ports/state-adapter.ts";
import type { Settled } from "../types/outcomes.ts";
import { keyOf, type Attempt, type AttemptEnd, type AttemptRules } from "./attempt.ts";
import { settled, toOutcome } from "./handler-outcomes.ts";
import { traceSettling } from "./trace-settling.ts";

/** The `commit` of one attempt. */
export interface Commit {
  /** What the handler gets. */
  readonly run: (write: (tx: unknown) => Promise<unknown>) => Promise<Settled>;
  /**
   * Waits for a commit that is under way. How the attempt ended by it; `undefined` when there was none, or when it failed and the handler knew.
   * Throws the error of one that failed while nobody waited for it.
   */
  readonly end: () => Promise<AttemptEnd | undefined>;
}

/** Settles the attempt in a transaction of the user's kind, together with the user's writes (P2). */
export function createCommit<TTransaction>(
  context: EngineContext<TTransaction>,
  attempt: Attempt,
  rules: AttemptRules,
): Commit {
  let pending: Promise<AttemptEnd> | undefined;
  let end: AttemptEnd | undefined;

  const begin = async (write: (tx: TTransaction) => Promise<unknown>): Promise<AttemptEnd> => {
    try {
      end = await commitAttempt(context, attempt, rules, write);
      return end;
    } catch (error) {
      if (error instanceof AttemptLostError) end = { kind: "lost", reason: error.reason };
      throw error;
    } finally {
      pending = undefined;
      if (end?.kind !== "committed") attempt.expectedNext = undefined;
    }
  };

  return {
    run: (write) => {
      if (pending !== undefined || end !== undefined) {
        return unhandledSafe(Promise.reject(calledTwice(attempt)));
      }
      pending = begin(write);
      return unhandledSafe(pending.then(() => settled));
    },
    end: async () => {
      if (pending !== undefined) await pending;
      return end;
    },
  };
}

/** A handler that does not wait for its commit is waited for at its end; until then a rejection must not end the process. */
function unhandledSafe<TResult>(promise: Promise<TResult>): Promise<TResult> {
  promise.catch(() => {});
  return promise;
}

function calledTwice({ job }: Attempt): HandlerOutcomeError {
  const message = `The handler of "${job.type}" called commit twice. Do all the last writes in one.`;
  return new HandlerOutcomeError(message, { typeName: job.type });
}

async function commitAttempt<TTransaction>(
  context: EngineContext<TTransaction>,
  attempt: Attempt,
  rules: AttemptRules,
  write: (tx: TTransaction) => Promise<unknown>,
): Promise<AttemptEnd> {
  const { job, lostReason } = attempt;
  if (lostReason !== undefined) throw lostError(attempt, lostReason);
  let settlement: SettledInTransaction | undefined;
  try {
    await runTransaction(context, async (tx) => {
      const returned = await write(tx);
      const outcome = await toOutcome(context.jobTypes, job, returned, rules.maySettleSticky);
      settlement = await settleInTransaction(context, attempt, tx, outcome);
    });
  } catch (error) {
    // Settled and then an error: it is COMMIT that failed, or only its reply that was lost.
    attempt.isInDoubt = settlement !== undefined;
    throw error;
  }
  return { kind: "committed", ...settlement! };
}

interface SettledInTransaction {
  readonly outcome: Outcome;
  readonly next: ClaimedJob | undefined;
}

async function settleInTransaction<TTransaction>(
  context: EngineContext<TTransaction>,
  attempt: Attempt,
  tx: TTransaction,
  outcome: Outcome,
): Promise<SettledInTransaction> {
  const { job, workerId, lostReason } = attempt;
  // Its chain was deleted while the user wrote: by now the key may be that of another attempt, which the fence would let through.
  if (lostReason === "deleted") throw lostError(attempt, lostReason);
  const traced = traceSettling(attempt, outcome, context.clock);
  const settlements = [{ ...keyOf(job), ...traced }];
  const [verdict] = await context.state.settle({ tx, workerId, settlements });
  if (verdict!.kind !== "settled") throw refusalOf(attempt, verdict!);
  const nextType = outcome.kind === "continued" ? outcome.next.type : undefined;
  const signals = settleSignals({ ...job, nextType }, verdict!.effects);
  bufferOf(tx)?.add({ ...signals, trace: attempt.trace });
  return { outcome, next: verdict!.next };
}

function lostError({ job }: Attempt, reason: LostReason): AttemptLostError {
  return new AttemptLostError({ jobId: formatJobId(job), reason });
}

/** Thrown inside the transaction, so that the user's writes roll back. */
function refusalOf(attempt: Attempt, verdict: Exclude<Verdict, { kind: "settled" }>): Error {
  switch (verdict.kind) {
    case "lost":
      return lostError(attempt, verdict.reason);
    case "refused":
      return new BlockerUnusableError({ chainId: verdict.blockerChainId, reason: verdict.reason });
    case "already":
      // An earlier commit of this attempt took effect although its reply was lost; these writes would come twice.
      return lostError(attempt, "completedElsewhere");
    case "deferred":
      throw new Error("invariant: settle() waits for locks and defers nothing");
  }
}
