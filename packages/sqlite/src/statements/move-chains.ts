import { scheduledAtMs, waitingStatus, type ActionResult, type Schedule } from "queuert/adapter";

import type { Session } from "../connections/session.ts";
import { encodeInstant } from "../rows.ts";
import { findLastJob, findRoot } from "./find-chain.ts";

export const moveChainsStatements = {
  moveJob:
    "UPDATE {job} SET status = ?, scheduled_at = ?, ready_at = ? WHERE chain_id = ? AND chain_index = ?",
} as const;

type TriggerResult = ActionResult<"triggered" | "notFound" | "notTriggerable">;
type RescheduleResult = ActionResult<"rescheduled" | "notFound" | "notReschedulable">;

/** Makes scheduled jobs ready: their time is now. */
export function triggerChains(
  session: Session,
  chainIds: readonly string[],
): readonly TriggerResult[] {
  return chainIds.map((chainId): TriggerResult => {
    if (findRoot(session, chainId) === undefined) return { chainId, outcome: "notFound" };
    const { chainIndex, type, status } = findLastJob(session, chainId);
    if (status !== "scheduled") return { chainId, outcome: "notTriggerable" };
    session.run(
      moveChainsStatements.moveJob,
      "ready",
      session.nowMs,
      session.nowMs,
      chainId,
      chainIndex,
    );
    return { chainId, outcome: "triggered", job: { chainId, chainIndex, type, status: "ready" } };
  });
}

/** Gives the open job of each chain another time. One that waits for blockers goes on waiting; one that stays ready keeps its place. */
export function rescheduleChains(
  session: Session,
  chainIds: readonly string[],
  schedule: Schedule,
): readonly RescheduleResult[] {
  const dueAtMs = encodeInstant(scheduledAtMs(schedule, session.nowMs));
  return chainIds.map((chainId): RescheduleResult => {
    if (findRoot(session, chainId) === undefined) return { chainId, outcome: "notFound" };
    const job = findLastJob(session, chainId);
    if (job.status !== "blocked" && job.status !== "scheduled" && job.status !== "ready")
      return { chainId, outcome: "notReschedulable" };
    const status = waitingStatus(job.status === "blocked" ? 1 : 0, dueAtMs, session.nowMs);
    const readyAtMs = status === "ready" ? (job.readyAt ?? session.nowMs) : null;
    session.run(moveChainsStatements.moveJob, status, dueAtMs, readyAtMs, chainId, job.chainIndex);
    return {
      chainId,
      outcome: "rescheduled",
      job: { chainId, chainIndex: job.chainIndex, type: job.type, status },
    };
  });
}
