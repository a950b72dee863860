import type { LedgerRecord } from "./ledger.ts";
import type { JobKind, Place } from "./system.ts";

/** What a process of a system is made for. Durations are in ms. */
export type Task = { readonly system: string; readonly place: Place } & (
  | { readonly role: "install" }
  | { readonly role: "remove" }
  /** Starts many things in batches of a thousand jobs, as many as it can until the deadline. */
  | {
      readonly role: "fill";
      readonly kind: JobKind;
      readonly count: number;
      readonly deadlineMs: number;
    }
  /** Starts jobs and takes the time: so many at once, or so many in a call. */
  | {
      readonly role: "start";
      readonly count: number;
      readonly concurrency: number;
      readonly batchSize: number;
      readonly deadlineMs: number;
    }
  /** Starts a job in each interval. */
  | { readonly role: "pace"; readonly count: number; readonly intervalMs: number }
  /** Runs a worker until it is told to finish. */
  | {
      readonly role: "work";
      readonly kind: JobKind;
      readonly startCount: number;
      readonly concurrency: number;
      readonly isTimed: boolean;
      /** How often to tell how much has run. */
      readonly progressMs: number;
    }
);

/** What a process has used since its task began. */
export interface Usage {
  readonly atMs: number;
  readonly statements: number;
  readonly cpuMicroseconds: number;
  readonly residentBytes: number;
}

export type Command =
  | { readonly command: "begin"; readonly task: Task }
  /** Starts the worker. */
  | { readonly command: "go" }
  | { readonly command: "sample" }
  /** Ends the worker; when `isCut` as it stands, else when no job is open any more. */
  | { readonly command: "finish"; readonly isCut: boolean };

export interface StartResult {
  readonly count: number;
  readonly elapsedMs: number;
  readonly usage: Usage;
  readonly openCount: number;
}

/** When each job was asked for, and when its start had resolved, in ms of the monotonic clock. */
export interface PaceResult {
  readonly calledAtMs: readonly number[];
  readonly startedAtMs: readonly number[];
}

export interface WorkResult {
  readonly record: LedgerRecord;
  /** When no job was open any more, or when it was cut. */
  readonly endedAtMs: number;
  readonly usage: Usage;
  /** Jobs that were still open when the time to settle them was over. */
  readonly openCount: number;
}

export type Reply =
  | { readonly reply: "ready" }
  /** The worker is being started. */
  | { readonly reply: "began"; readonly atMs: number }
  /** The worker claims jobs. */
  | { readonly reply: "started" }
  | { readonly reply: "progress"; readonly handledCount: number }
  | { readonly reply: "usage"; readonly usage: Usage }
  | { readonly reply: "done"; readonly value: unknown }
  | { readonly reply: "failed"; readonly error: string };
