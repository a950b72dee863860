/**
 * What the jobs of a measurement do: nothing (`plain`); write a row in the transaction that completes them (`writing`); form chains of
 * {@link stepCount} jobs (`chain`); wait, each, for {@link childCount} others (`fan`).
 */
export type JobKind = "plain" | "writing" | "chain" | "fan";

/** How many jobs a chain has. */
export const stepCount = 5;
/** How many jobs a parent waits for. */
export const childCount = 20;

/** How many executions one thing that is started leads to. */
export const runsPerStart: Readonly<Record<JobKind, number>> = {
  plain: 1,
  writing: 1,
  chain: stepCount,
  fan: childCount + 1,
};

/** The input of a job: about 100 bytes of JSON. */
export interface JobInput {
  readonly index: number;
  readonly payload: string;
}

export function createInput(index: number): JobInput {
  return { index, payload: "x".repeat(70) };
}

/** Numbers executions: those of thing n are `n × runsPerStart` and following, steps in their order, children before their parent. */
export function numberRun(kind: JobKind, index: number, position: number = 0): number {
  return index * runsPerStart[kind] + position;
}

/**
 * How many connections a worker's pool may have: one for each slot and two beside, as far as a server of usual settings (100 in all)
 * bears it from two processes.
 */
export function poolSizeFor(concurrency: number): number {
  return Math.min(concurrency + 2, 35);
}

/** Where a `writing` handler writes, in a system's own database. */
export const effectTable = "effect";

/** What starts jobs, in a process of its own. */
export interface Producer {
  /** Starts one plain job; resolves when it is durable. */
  startOne(input: JobInput): Promise<void>;
  /** Starts many things at once, in the way that the system's documentation recommends for it. */
  startMany(kind: JobKind, inputs: readonly JobInput[]): Promise<void>;
  /** How many jobs are not over, by the system's own records. */
  countOpen(): Promise<number>;
  close(): Promise<void>;
}

export interface WorkerOptions {
  readonly kind: JobKind;
  readonly concurrency: number;
  /** To be called once by each execution, with its number. */
  readonly onRun: (run: number) => void;
}

/** A running worker. */
export interface SystemWorker {
  stop(): Promise<void>;
}

/** A job system under measurement: one interface, so that all do the same work. */
export interface System {
  /** Makes its tables in an empty database. */
  install(): Promise<void>;
  openProducer(): Promise<Producer>;
  /** Resolves when the worker claims jobs. */
  startWorker(options: WorkerOptions): Promise<SystemWorker>;
  /** Removes what is left outside of the database that is dropped anyway. */
  remove(): Promise<void>;
}

/** Where a system works. */
export interface Place {
  /** Of a database of its own, or of Redis. */
  readonly url: string;
  /** Begins all names where the database is not its own. */
  readonly namespace: string;
}

/** What each file of `systems` exports as `open`. */
export type OpenSystem = (place: Place, variant: string) => System;
