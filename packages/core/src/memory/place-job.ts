import { waitingStatus } from "../model/transitions.ts";
import { toInstantMs, type JobRow } from "./rows.ts";

/** A job as it stands with another earliest time to run, in nobody's hands. One that stays ready keeps its place among the ready ones. */
export function placeJob(row: JobRow, earliestMs: number, nowMs: number): JobRow {
  const scheduledAtMs = toInstantMs(earliestMs);
  const status = waitingStatus(row.openBlockers, scheduledAtMs, nowMs);
  const readySinceMs = row.status === "ready" ? row.readyAtMs : nowMs;
  return {
    ...row,
    status,
    scheduledAtMs,
    readyAtMs: status === "ready" ? readySinceMs : undefined,
    workerId: undefined,
    isStarted: false,
  };
}

/** A job that comes back to ready, for whoever comes next. */
export function giveBackJob(row: JobRow, nowMs: number): JobRow {
  return { ...row, status: "ready", readyAtMs: nowMs, workerId: undefined, isStarted: false };
}

/** The attempts of a running job when the one at hand counts. */
export function attemptCounted(row: JobRow): number {
  return row.isStarted ? row.attempt : row.attempt + 1;
}

/** The attempts of a running job when the one at hand does not count. */
export function attemptUncounted(row: JobRow): number {
  return row.isStarted ? row.attempt - 1 : row.attempt;
}
