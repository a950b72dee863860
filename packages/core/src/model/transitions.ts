import { jobStatuses, type ChainStatus, type JobStatus } from "./status.ts";

/** What can happen to a job. Each adapter's statements follow this table; the conformance suite walks every cell of it. */
export type JobEvent =
  | "blockersCompleted"
  | "due"
  | "trigger"
  | "reschedule"
  | "claim"
  | "complete"
  | "continue"
  | "retry"
  | "fail"
  | "release"
  | "reap"
  | "cancel"
  | "redrive";

/**
 * The state machine of a job, once, as data: status → event → the statuses it may come to. Where two are named, the earliest time to run
 * decides: in the future → `scheduled`, else `ready`; for `reap`, whether attempts are left decides between `ready` and `failed`.
 */
export const jobTransitions: Readonly<
  Record<JobStatus, Partial<Readonly<Record<JobEvent, readonly JobStatus[]>>>>
> = {
  blocked: {
    blockersCompleted: ["scheduled", "ready"],
    reschedule: ["blocked"],
    cancel: ["cancelled"],
  },
  scheduled: {
    due: ["ready"],
    trigger: ["ready"],
    reschedule: ["scheduled", "ready"],
    complete: ["completed"],
    continue: ["continued"],
    cancel: ["cancelled"],
  },
  ready: {
    claim: ["running"],
    reschedule: ["scheduled", "ready"],
    complete: ["completed"],
    continue: ["continued"],
    cancel: ["cancelled"],
  },
  running: {
    complete: ["completed"],
    continue: ["continued"],
    retry: ["scheduled", "ready"],
    reschedule: ["scheduled", "ready"],
    fail: ["failed"],
    release: ["ready"],
    reap: ["ready", "failed"],
    cancel: ["cancelled"],
  },
  completed: {},
  continued: {},
  failed: { redrive: ["ready"] },
  cancelled: {},
};

/** The statuses that `event` may lead to from `status`; empty where the event does not apply. */
export function nextJobStatuses(status: JobStatus, event: JobEvent): readonly JobStatus[] {
  return jobTransitions[status][event] ?? [];
}

/** The statuses from which `event` applies. */
export function jobStatusesBefore(event: JobEvent): readonly JobStatus[] {
  return (Object.keys(jobTransitions) as JobStatus[]).filter(
    (status) => nextJobStatuses(status, event).length > 0,
  );
}

/** The statuses that a job never leaves: it does not read the outputs of its blockers again. A failed one may be redriven. */
export const spentJobStatuses: readonly JobStatus[] = jobStatuses.filter(
  (status) => Object.keys(jobTransitions[status]).length === 0,
);

/** The status of a chain, from that of its last job. */
export function chainStatusOf(lastJobStatus: JobStatus): ChainStatus {
  return lastJobStatus === "completed" ||
    lastJobStatus === "failed" ||
    lastJobStatus === "cancelled"
    ? lastJobStatus
    : "open";
}

/** Where a job stands that nobody has claimed: blocked while blockers are open, scheduled while its time is to come, else ready. */
export function waitingStatus(
  openBlockerCount: number,
  scheduledAtMs: number,
  nowMs: number,
): "blocked" | "scheduled" | "ready" {
  return openBlockerCount > 0 ? "blocked" : scheduledAtMs > nowMs ? "scheduled" : "ready";
}
