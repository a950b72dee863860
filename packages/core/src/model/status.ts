/** Every status that a job can have, in the order of its life. */
export const jobStatuses = [
  "blocked",
  "scheduled",
  "ready",
  "running",
  "completed",
  "continued",
  "failed",
  "cancelled",
] as const;
/**
 * Where a job stands. `blocked`: waits for other chains. `scheduled`: its time has not come. `ready`: may be claimed. `running`: a worker
 * holds it. `completed`, `continued`, `failed`, `cancelled`: over; a failed job can be redriven.
 */
export type JobStatus = (typeof jobStatuses)[number];

/** Every status that a chain can have. */
export const chainStatuses = ["open", "completed", "failed", "cancelled"] as const;
/** Where a chain stands. A `failed` chain is closed, but still blocks its dependants, since a redrive may complete it. */
export type ChainStatus = (typeof chainStatuses)[number];

/** The statuses that a job does not leave by itself. */
export const finalJobStatuses: readonly JobStatus[] = [
  "completed",
  "continued",
  "failed",
  "cancelled",
];

/** Whether a job in this status is over. */
export function isFinalJobStatus(status: JobStatus): boolean {
  return finalJobStatuses.includes(status);
}
