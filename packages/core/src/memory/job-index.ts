import type { JobStatus } from "../model/status.ts";
import { addTo, deleteFrom, OrderedSet } from "./ordered-set.ts";
import { compareKeys, compareReady, compareScheduled, type JobRow } from "./rows.ts";

/** The statuses that are counted by type. */
export type CountedStatus = "blocked" | "scheduled" | "ready" | "running" | "failed";

/** Where jobs are found by what they wait for. A job of another type costs nothing, however many there are (trap C8b). */
export class JobIndex {
  readonly #ready = new Map<string, OrderedSet<JobRow>>();
  readonly #running = new Map<string, OrderedSet<JobRow>>();
  readonly #counts = new Map<string, Record<CountedStatus, number>>();
  /** Jobs whose time is to come, the next one first. */
  readonly scheduled: OrderedSet<JobRow> = new OrderedSet(compareScheduled);

  /** Ready jobs of a type in the order in which they are claimed. */
  ready(type: string): OrderedSet<JobRow> | undefined {
    return this.#ready.get(type);
  }

  /** Jobs that a worker holds, in the order of their keys. */
  running(workerId: string): OrderedSet<JobRow> | undefined {
    return this.#running.get(workerId);
  }

  /** Workers that hold jobs, known or not. */
  runningWorkerIds(): IterableIterator<string> {
    return this.#running.keys();
  }

  /** How many jobs there are by type and status; a type that had some stays with zeros. */
  counts(): ReadonlyMap<string, Readonly<Record<CountedStatus, number>>> {
    return this.#counts;
  }

  change(previous: JobRow | undefined, next: JobRow | undefined): void {
    if (previous !== undefined) this.#forget(previous);
    if (next !== undefined) this.#note(next);
  }

  #note(row: JobRow): void {
    if (row.status === "ready") addTo(this.#ready, row.type, row, compareReady);
    else if (row.status === "scheduled") this.scheduled.add(row);
    else if (row.status === "running") addTo(this.#running, row.workerId!, row, compareKeys);
    this.#count(row, 1);
  }

  #forget(row: JobRow): void {
    if (row.status === "ready") deleteFrom(this.#ready, row.type, row);
    else if (row.status === "scheduled") this.scheduled.delete(row);
    else if (row.status === "running") deleteFrom(this.#running, row.workerId!, row);
    this.#count(row, -1);
  }

  #count(row: JobRow, change: 1 | -1): void {
    if (!isCounted(row.status)) return;
    let counts = this.#counts.get(row.type);
    if (counts === undefined)
      this.#counts.set(
        row.type,
        (counts = { blocked: 0, scheduled: 0, ready: 0, running: 0, failed: 0 }),
      );
    counts[row.status] += change;
  }
}

function isCounted(status: JobStatus): status is CountedStatus {
  return status !== "completed" && status !== "continued" && status !== "cancelled";
}
