import { scheduledAtMs } from "../model/schedule.ts";
import type {
  ClaimedJob,
  NewJob,
  SettleEffects,
  Settlement,
  Verdict,
} from "../ports/state-adapter.ts";
import { claimedJob, claimJob } from "./claim-jobs.ts";
import { chainDurationMs, closeChain } from "./close-chain.ts";
import { heldJob, unheldReason } from "./fence.ts";
import { findUnusableBlocker, insertJob } from "./insert-job.ts";
import { attemptCounted, attemptUncounted, giveBackJob, placeJob } from "./place-job.ts";
import { recordAttempt } from "./record-attempt.ts";
import type { ChainRow, JobRow } from "./rows.ts";
import type { Writer } from "./writer.ts";

/** Settles attempts of a worker in their order, with a verdict each. One that is lost or refused has written nothing. */
export function settleAttempts(
  writer: Writer,
  workerId: string,
  settlements: readonly Settlement[],
): readonly Verdict[] {
  return settlements.map((settlement) => settleAttempt(writer, workerId, settlement));
}

/** Whether a settlement asked for the next job for its worker, and so for the worker's lease. */
export function isStickySettled({ outcome }: Settlement, verdict: Verdict): boolean {
  return outcome.kind === "continued" && outcome.isSticky && verdict.kind === "settled";
}

function settleAttempt(writer: Writer, workerId: string, settlement: Settlement): Verdict {
  const held = heldJob(writer, workerId, settlement);
  if (held === undefined) return verdictOfUnheld(writer, workerId, settlement);
  const { outcome } = settlement;
  // What every outcome says of the row: it is nobody's, and whose it was (a repeat is known by it).
  const settled: JobRow = {
    ...held,
    workerId: undefined,
    completedBy: workerId,
    isStarted: false,
    traceContext: settlement.traceContext ?? held.traceContext,
  };
  switch (outcome.kind) {
    case "completed":
      return {
        kind: "settled",
        effects: completeJob(writer, { ...settled, attempt: attemptCounted(held) }, outcome.output),
      };
    case "continued": {
      const refused = findUnusableBlocker(writer, outcome.next.blockers);
      if (refused !== undefined) return { kind: "refused", ...refused };
      const next = continueJob(writer, { ...settled, attempt: attemptCounted(held) }, outcome.next);
      return verdictOfNext(writer, workerId, next, outcome.isSticky);
    }
    case "retried":
      recordAttempt(writer, held, { outcome: "retried", error: outcome.error });
      return runsAgain(
        writer.putJob({
          ...placeJob(settled, writer.nowMs + outcome.delayMs, writer.nowMs),
          attempt: attemptCounted(held),
          error: outcome.error,
        }),
      );
    case "rescheduled":
      return runsAgain(
        writer.putJob({
          ...placeJob(settled, scheduledAtMs(outcome.schedule, writer.nowMs), writer.nowMs),
          attempt: attemptUncounted(held),
        }),
      );
    case "failed":
      recordAttempt(writer, held, { outcome: "failed", error: outcome.error });
      return {
        kind: "settled",
        effects: failJob(writer, { ...settled, attempt: attemptCounted(held) }, outcome.error),
      };
    case "released":
      return runsAgain(
        writer.putJob({ ...giveBackJob(settled, writer.nowMs), attempt: attemptUncounted(held) }),
      );
    default:
      return outcome satisfies never;
  }
}

function verdictOfUnheld(writer: Writer, workerId: string, settlement: Settlement): Verdict {
  const row = writer.job(settlement);
  const reason = unheldReason(row, workerId, settlement.claimNo);
  if (reason !== "already") return { kind: "lost", reason };
  const isSticky = settlement.outcome.kind === "continued" && settlement.outcome.isSticky;
  const next = isSticky ? stickyNext(writer, workerId, row!) : undefined;
  return next === undefined ? { kind: "already" } : { kind: "already", next };
}

/** The next job, where it went to this worker together with the settlement and is still its own: the reply that said so was lost. */
function stickyNext(writer: Writer, workerId: string, row: JobRow): ClaimedJob | undefined {
  const next = heldJob(writer, workerId, {
    chainId: row.chainId,
    chainIndex: row.chainIndex + 1,
    claimNo: 1,
  });
  return next === undefined ? undefined : claimedJob(writer, next, false);
}

function verdictOfNext(writer: Writer, workerId: string, next: JobRow, isSticky: boolean): Verdict {
  if (
    isSticky &&
    next.status === "ready" &&
    writer.isLive(workerId) &&
    !writer.isPaused(next.type)
  ) {
    return {
      kind: "settled",
      next: claimJob(writer, next, workerId, true),
      effects: { unblocked: [] },
    };
  }
  return { kind: "settled", effects: waitingEffects(next) };
}

function runsAgain(row: JobRow): Verdict {
  return { kind: "settled", effects: waitingEffects(row) };
}

/** The news of a job that waits for somebody to claim it. */
export function waitingEffects(row: JobRow): SettleEffects {
  return {
    waiting: { type: row.type, status: row.status as "blocked" | "scheduled" | "ready" },
    unblocked: [],
  };
}

/** Completes a job in nobody's hands, and its chain with it. */
export function completeJob(
  writer: Writer,
  row: JobRow,
  output: string | undefined,
): SettleEffects {
  writer.putJob({
    ...row,
    status: "completed",
    completedAtMs: writer.nowMs,
    output,
    error: undefined,
  });
  return closingEffects(writer, row.chainId, "completed");
}

/** Ends a job in nobody's hands with the next one of its chain, and returns that. */
export function continueJob(writer: Writer, row: JobRow, next: NewJob): JobRow {
  writer.putJob({ ...row, status: "continued", completedAtMs: writer.nowMs, error: undefined });
  const chain: ChainRow = writer.chain(row.chainId)!;
  return insertJob(
    writer,
    writer.putChain({ ...chain, lastIndex: row.chainIndex + 1 }),
    next,
    false,
  );
}

/** Fails a job in nobody's hands, and its chain with it. */
export function failJob(writer: Writer, row: JobRow, error: string): SettleEffects {
  writer.putJob({ ...row, status: "failed", completedAtMs: writer.nowMs, error });
  return closingEffects(writer, row.chainId, "failed");
}

function closingEffects(
  writer: Writer,
  chainId: string,
  chainStatus: "completed" | "failed",
): SettleEffects {
  const chain = writer.chain(chainId)!;
  const unblocked = closeChain(writer, chain, chainStatus);
  return { chainStatus, chainDurationMs: chainDurationMs(writer, chain), unblocked };
}
