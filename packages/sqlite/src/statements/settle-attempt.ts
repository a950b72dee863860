import {
  scheduledAtMs,
  waitingStatus,
  type Outcome,
  type SettleEffects,
  type Settlement,
  type Verdict,
} from "queuert/adapter";

import type { Session, Statements } from "../connections/session.ts";
import { encodeInstant, encodeOptional } from "../rows.ts";
import {
  attemptNumber,
  findAttempt,
  isHeldBy,
  isSettledBy,
  lostReason,
  type FencedJob,
} from "./attempt-fence.ts";
import { findSticky } from "./claim-jobs.ts";
import { finishJob } from "./finish-job.ts";
import { countOpenBlockers, insertJob } from "./insert-job.ts";
import type { Lease } from "./lease.ts";
import { listPausedTypes } from "./list-paused-types.ts";
import { recordFailure, type AttemptFailure } from "./record-failure.ts";

const backToWaiting =
  "status = ?, hold = NULL, attempt = ?, worker_id = NULL, completed_by = ?, trace_context = coalesce(?, trace_context), ready_at = ?";

export const settleAttemptStatements: Statements<"putBack" | "putBackAt" | "noteError"> = {
  putBack: `UPDATE {job} SET ${backToWaiting} WHERE chain_id = ? AND chain_index = ?`,
  putBackAt: `UPDATE {job} SET ${backToWaiting}, scheduled_at = ? WHERE chain_id = ? AND chain_index = ?`,
  noteError: "UPDATE {job} SET error = ? WHERE chain_id = ? AND chain_index = ?",
};

/** Settles one attempt: the fence, the outcome and all that follows from it. A verdict other than `settled` has written nothing. */
export function settleAttempt(session: Session, lease: Lease, settlement: Settlement): Verdict {
  const { workerId } = lease;
  const job = findAttempt(session, settlement);
  if (job !== undefined && isHeldBy(job, workerId, settlement.claimNo))
    return writeOutcome(session, lease, settlement, job);
  if (job !== undefined && isSettledBy(job, workerId, settlement.claimNo))
    return alreadySettled(session, workerId, settlement);
  return { kind: "lost", reason: lostReason(job, settlement.claimNo) };
}

function alreadySettled(session: Session, workerId: string, settlement: Settlement): Verdict {
  const { outcome } = settlement;
  const next =
    outcome.kind === "continued" && outcome.isSticky
      ? findSticky(session, workerId, {
          chainId: settlement.chainId,
          chainIndex: settlement.chainIndex + 1,
        })
      : undefined;
  return next === undefined ? { kind: "already" } : { kind: "already", next };
}

function writeOutcome(
  session: Session,
  lease: Lease,
  settlement: Settlement,
  job: FencedJob,
): Verdict {
  const { outcome } = settlement;
  const attempt = attemptNumber(job);
  const ended = {
    attempt,
    completedBy: lease.workerId,
    traceContext: settlement.traceContext,
    output: undefined,
    error: undefined,
  };
  switch (outcome.kind) {
    case "completed":
      return settled(
        finishJob(session, settlement, { ...ended, status: "completed", output: outcome.output }),
      );
    case "continued":
      return continueChain(session, lease, settlement, job, outcome);
    case "failed":
      recordFailure(session, {
        ...failureOf(lease, settlement, job),
        outcome: "failed",
        error: outcome.error,
      });
      return settled(
        finishJob(session, settlement, { ...ended, status: "failed", error: outcome.error }),
      );
    case "retried":
      recordFailure(session, {
        ...failureOf(lease, settlement, job),
        outcome: "retried",
        error: outcome.error,
      });
      session.run(
        settleAttemptStatements.noteError,
        outcome.error,
        settlement.chainId,
        settlement.chainIndex,
      );
      return settled(
        putBack(session, lease, settlement, job, {
          attempt,
          dueAtMs: session.nowMs + outcome.delayMs,
        }),
      );
    case "rescheduled":
      return settled(
        putBack(session, lease, settlement, job, {
          attempt: attempt - 1,
          dueAtMs: scheduledAtMs(outcome.schedule, session.nowMs),
        }),
      );
    case "released":
      return settled(
        putBack(session, lease, settlement, job, { attempt: attempt - 1, dueAtMs: undefined }),
      );
  }
}

function settled(effects: SettleEffects): Verdict {
  return { kind: "settled", effects };
}

function failureOf(
  lease: Lease,
  settlement: Settlement,
  job: FencedJob,
): Omit<AttemptFailure, "outcome" | "error"> {
  const { chainId, chainIndex, claimNo } = settlement;
  return {
    chainId,
    chainIndex,
    claimNo,
    attempt: attemptNumber(job),
    workerId: lease.workerId,
    startedAtMs: job.claimedAt!,
  };
}

function continueChain(
  session: Session,
  lease: Lease,
  settlement: Settlement,
  job: FencedJob,
  { next, isSticky }: Extract<Outcome, { kind: "continued" }>,
): Verdict {
  const openBlockerCount = countOpenBlockers(session, next.blockers);
  if (typeof openBlockerCount !== "number") return { kind: "refused", ...openBlockerCount };
  const nextKey = { chainId: settlement.chainId, chainIndex: settlement.chainIndex + 1 };
  // A sticky continuation is a claim: it needs a live lease, and a type that is not paused.
  const isClaimed = isSticky && lease.isLive() && !listPausedTypes(session).has(next.type);
  const effects = finishJob(session, settlement, {
    status: "continued",
    attempt: attemptNumber(job),
    completedBy: lease.workerId,
    traceContext: settlement.traceContext,
    output: undefined,
    error: undefined,
  });
  const status = insertJob(session, {
    ...nextKey,
    chainType: job.chainType,
    job: next,
    openBlockerCount,
    isKeyed: false,
    isUnannounced: false,
    claimedBy: isClaimed ? lease.workerId : undefined,
  });
  if (status !== "running") return settled({ ...effects, waiting: { type: next.type, status } });
  return { kind: "settled", next: findSticky(session, lease.workerId, nextKey)!, effects };
}

/** Lets the job run again: at its time, or at once where none is given. Who settled it stays in the row, so that a repeat is known. */
function putBack(
  session: Session,
  lease: Lease,
  { chainId, chainIndex, traceContext }: Settlement,
  job: FencedJob,
  { attempt, dueAtMs }: { readonly attempt: number; readonly dueAtMs: number | undefined },
): SettleEffects {
  const { nowMs } = session;
  const scheduledAt = dueAtMs === undefined ? undefined : encodeInstant(dueAtMs);
  const status = waitingStatus(0, scheduledAt ?? nowMs, nowMs) as "scheduled" | "ready";
  const values = [
    status,
    attempt,
    lease.workerId,
    encodeOptional(traceContext),
    status === "ready" ? nowMs : null,
  ] as const;
  if (scheduledAt === undefined)
    session.run(settleAttemptStatements.putBack, ...values, chainId, chainIndex);
  else session.run(settleAttemptStatements.putBackAt, ...values, scheduledAt, chainId, chainIndex);
  return { waiting: { type: job.type, status }, unblocked: [] };
}
