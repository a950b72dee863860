import type { MemoryTransaction } from "../../memory/sessions.ts";
import { formatJobId } from "../../model/ids.ts";
import type { StateAdapter } from "../../ports/state-adapter.ts";
import type { JobRecord } from "../../ports/state-reads.ts";
import type { SimulatedWorld } from "./simulated-system.ts";

const everything = 100_000;

/** What has changed in a database, and what is left to do in it. */
export interface Look {
  /** The database, whose calls are noticed. */
  readonly state: StateAdapter<MemoryTransaction>;
  readonly changeCount: number;
  /** A job that is to run, or runs: one that takes long, if there is any; `undefined` when there is none. */
  readonly unfinished: JobRecord | undefined;
  /** Notes a change that no job shows. */
  touch(): void;
  /** Calls `check` if something has changed since the last time. */
  ifTouched(check: () => Promise<void>): Promise<void> | undefined;
}

/** Looks at the jobs of a database after its calls. `horizonMs`: how far ahead a scheduled job is left to do. */
export function createLook(
  inner: StateAdapter<MemoryTransaction>,
  run: SimulatedWorld,
  horizonMs: number,
): Look {
  let isCalled = false;
  let isTouched = false;
  let changeCount = 0;
  let seen = "";
  let unfinished: JobRecord | undefined;
  const lookAgain = async (check: () => Promise<void>): Promise<void> => {
    const jobs = await inner.listJobs({
      filter: {},
      order: "oldest",
      after: undefined,
      limit: everything,
    });
    const latestMs = run.databaseNowMs() + horizonMs;
    const allUnfinished = jobs.filter((job) => isUnfinished(job, latestMs));
    unfinished = allUnfinished.find(({ status }) => status !== "ready") ?? allUnfinished[0];
    const digest = jobs.map(digestOf).join("\n");
    if (digest === seen && !isTouched) return;
    seen = digest;
    isTouched = false;
    changeCount++;
    await check();
  };
  return {
    state: noticeCalls(inner, () => {
      isCalled = true;
    }),
    get changeCount() {
      return changeCount;
    },
    get unfinished() {
      return unfinished;
    },
    touch: () => {
      isTouched = true;
    },
    ifTouched: (check) => {
      if (!isCalled && !isTouched) return undefined;
      isCalled = false;
      return lookAgain(check);
    },
  };
}

/** The same database, which tells of each call when it is over. */
function noticeCalls(
  inner: StateAdapter<MemoryTransaction>,
  notice: () => void,
): StateAdapter<MemoryTransaction> {
  const members = Object.entries(inner as unknown as Record<string, unknown>).map(
    ([name, member]) => [
      name,
      typeof member === "function"
        ? async (...parameters: readonly unknown[]): Promise<unknown> => {
            try {
              return await (member as Operation)(...parameters);
            } finally {
              notice();
            }
          }
        : member,
    ],
  );
  return Object.fromEntries(members) as StateAdapter<MemoryTransaction>;
}

type Operation = (...parameters: readonly unknown[]) => unknown;

function isUnfinished({ status, scheduledAt }: JobRecord, latestMs: number): boolean {
  return (
    status === "ready" ||
    status === "running" ||
    (status === "scheduled" && scheduledAt.getTime() <= latestMs)
  );
}

function digestOf(job: JobRecord): string {
  const { status, claimNo, attempt, scheduledAt } = job;
  return `${formatJobId(job)} ${status} ${claimNo} ${attempt} ${scheduledAt.getTime()}`;
}

/** What to say of a job that is left when all should be at rest. */
export function unfinishedError(job: JobRecord): Error {
  return new Error(
    `The job "${formatJobId(job)}" ("${job.type}") is still ${job.status}, with all faults over. ` +
      "Either no worker handles its type, or its handler waits for something that is not simulated.",
  );
}
