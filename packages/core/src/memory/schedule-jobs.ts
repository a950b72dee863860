import { scheduledAtMs, type Schedule } from "../model/schedule.ts";
import { nextJobStatuses, type JobEvent } from "../model/transitions.ts";
import type { ActionResult, PromoteResult } from "../ports/state-adapter.ts";
import { take } from "./ordered-set.ts";
import { placeJob } from "./place-job.ts";
import { compareText, type JobRow } from "./rows.ts";
import type { Writer } from "./writer.ts";

/** Makes due jobs ready, and drops deduplication rows whose time is over. */
export function promoteJobs(writer: Writer, limit: number): PromoteResult {
  const counts = new Map<string, number>();
  for (const row of take(
    writer.tables.jobIndex.scheduled.ascending(),
    limit,
    (job) => job.scheduledAtMs <= writer.nowMs,
  )) {
    writer.putJob(placeJob(row, row.scheduledAtMs, writer.nowMs));
    counts.set(row.type, (counts.get(row.type) ?? 0) + 1);
  }
  for (const row of take(
    writer.tables.expiring.ascending(),
    limit,
    (key) => key.expiresAtMs! <= writer.nowMs,
  )) {
    writer.delete("deduplications", row.deduplicationId);
  }
  return {
    promoted: [...counts]
      .map(([type, count]) => ({ type, count }))
      .toSorted((left, right) => compareText(left.type, right.type)),
    nextDueInMs: findNextDue(writer),
  };
}

export function findNextDue(writer: Writer): number | undefined {
  const next = writer.tables.jobIndex.scheduled.first();
  return next === undefined ? undefined : Math.max(0, next.scheduledAtMs - writer.nowMs);
}

/** Makes the scheduled job of each chain ready at once. */
export function triggerChains(
  writer: Writer,
  chainIds: readonly string[],
): readonly ActionResult<"triggered" | "notFound" | "notTriggerable">[] {
  return chainIds.map((chainId) => {
    const job = lastJobOf(writer, chainId);
    if (job === undefined) return { chainId, outcome: "notFound" };
    if (!applies("trigger", job)) return { chainId, outcome: "notTriggerable" };
    return {
      chainId,
      outcome: "triggered",
      job: actedUpon(writer.putJob(placeJob(job, writer.nowMs, writer.nowMs))),
    };
  });
}

/** Moves the waiting job of each chain to another time. */
export function rescheduleChains(
  writer: Writer,
  chainIds: readonly string[],
  schedule: Schedule,
): readonly ActionResult<"rescheduled" | "notFound" | "notReschedulable">[] {
  return chainIds.map((chainId) => {
    const job = lastJobOf(writer, chainId);
    if (job === undefined) return { chainId, outcome: "notFound" };
    // A running job is rescheduled by its handler alone.
    if (job.status === "running" || !applies("reschedule", job))
      return { chainId, outcome: "notReschedulable" };
    const moved = writer.putJob(placeJob(job, scheduledAtMs(schedule, writer.nowMs), writer.nowMs));
    return { chainId, outcome: "rescheduled", job: actedUpon(moved) };
  });
}

/** The job that an action was about, as it stands after it. */
export function actedUpon(row: JobRow): NonNullable<ActionResult<string>["job"]> {
  return { chainId: row.chainId, chainIndex: row.chainIndex, type: row.type, status: row.status };
}

function lastJobOf(writer: Writer, chainId: string): JobRow | undefined {
  const chain = writer.chain(chainId);
  return chain === undefined ? undefined : writer.lastJob(chain);
}

function applies(event: JobEvent, job: JobRow): boolean {
  return nextJobStatuses(job.status, event).length > 0;
}
