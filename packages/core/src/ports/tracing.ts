import type { AttemptOutcome, AttemptSubject, EmittedEvent } from "./telemetry.ts";

/**
 * What instruments a client and its workers: `@queuert/otel`, or another. The engine says what begins and asks what is to be stored with
 * jobs; what has happened it tells afterwards, as events, so that whatever leaves tells only what has committed (P6). A trace that never
 * hears of its commit was rolled back, or its process died: nothing of it may leave.
 *
 * The methods are called on hot paths and inside transactions: none may throw, wait, or keep hold of what it is given for longer than its trace.
 */
export interface Telemetry extends EventRecorder {
  /** A call that the user made begins, in the user's asynchronous flow. `undefined` = of no interest. */
  beginCall(call: TracedCall): CallTrace | undefined;
  /** An attempt begins. `undefined` = of no interest. */
  beginAttempt(attempt: TracedAttempt): AttemptTrace | undefined;
  /** A worker begins. `undefined` = of no interest. */
  beginWorker(worker: TracedWorker): WorkerTrace | undefined;
}

/** Takes events that have committed, in the order in which they were emitted, some at a time. */
export interface EventRecorder {
  record(events: readonly EmittedEvent[]): void;
}

/** A job that is about to be created. */
export interface TracedJob {
  /** `undefined` = not known before the write. */
  readonly jobId: string | undefined;
  readonly chainId: string;
  readonly type: string;
  /** The process's guess at the earliest time to run, in ms since the epoch; `undefined` = at once. */
  readonly scheduledAtMs: number | undefined;
  readonly blockerChainIds: readonly string[];
}

/** A call of the client's. */
export type TracedCall =
  | {
      readonly name: "startChains";
      /** Whether the call takes a list. */
      readonly isBatch: boolean;
      readonly jobs: readonly TracedJob[];
      /**
       * Whether anybody will hear of the commit. Else the call is never recorded, and the first claim tells the start
       * (`chain.started` with `isDeferred`).
       */
      readonly isObserved: boolean;
    }
  | {
      readonly name: "completeChain";
      readonly chainId: string;
      readonly type: string;
      /** The job that the chain goes on with. */
      readonly next: TracedJob | undefined;
      readonly isObserved: boolean;
    }
  | { readonly name: "awaitChain"; readonly chainId: string; readonly chainType: string }
  | {
      readonly name: "cancel" | "redrive" | "trigger" | "reschedule" | "delete";
      readonly chainIds: readonly string[];
      readonly actor: string | undefined;
    }
  | {
      readonly name: "pause" | "resume";
      readonly types: readonly string[];
      readonly actor: string | undefined;
    };

/** The trace of a call. `record` is called once, with the call's events, when its transaction has committed; never when it rolled back. */
export interface CallTrace extends EventRecorder {
  /** What is to be stored with the jobs that the call creates, in their order: JSON text. */
  readonly traceContexts: readonly (string | undefined)[];
  /** What is to be stored with the job that `completeChain` ends: JSON text. */
  readonly endedTraceContext?: string | undefined;
  /** The write is done; whether it stays is not known yet. */
  returned(): void;
  /** The call threw, and has changed nothing. */
  threw(error: unknown): void;
}

/** What a job waited for. */
export interface TracedBlocker {
  readonly slot: string;
  readonly chainId: string;
  readonly chainType: string;
  readonly traceContext: string | undefined;
  /** By the database's clock. */
  readonly closedAt: Date;
}

/** An attempt that begins. Instants are the database's. */
export interface TracedAttempt extends AttemptSubject {
  readonly workerName: string;
  /** What was stored with the job: at its creation, or by the settling of the attempt before. */
  readonly traceContext: string | undefined;
  readonly createdAt: Date;
  readonly scheduledAt: Date;
  readonly claimedAt: Date;
  /** Ready to claimed. */
  readonly waitMs: number;
  readonly blockers: readonly TracedBlocker[];
}

/** The trace of an attempt. `record` is called with what came of it when that has committed, `attempt.started` and `attempt.ended` among it. */
export interface AttemptTrace extends EventRecorder {
  /** Runs the handler, with its middleware, as part of the attempt. */
  run<TResult>(handle: () => Promise<TResult>): Promise<TResult>;
  /** The outcome is about to be offered to the database. Called again when another outcome has to take its place. */
  settling(settling: TracedSettling): SettlingTrace;
}

/** The outcome of an attempt. */
export interface TracedSettling {
  readonly outcome: Exclude<AttemptOutcome, "cancelled" | "lost">;
  /** With `continued`. */
  readonly next: TracedJob | undefined;
}

/** What is to be stored when an attempt is settled: JSON text. */
export interface SettlingTrace {
  /** In place of the job's own; `undefined` leaves that. */
  readonly traceContext: string | undefined;
  /** With the next job. */
  readonly nextTraceContext: string | undefined;
}

/** A worker that begins. */
export interface TracedWorker {
  readonly name: string;
  readonly slotCount: number;
  /** How many slots are taken at the moment. */
  readonly busySlotCount: () => number;
}

/** What made a worker look for jobs: a wake-up, the poll or a due time, or what it did itself. */
export type WakeUpSource = "notify" | "poll" | "hint";

/** The trace of a worker, from its start to its end. */
export interface WorkerTrace {
  /** Runs the worker's own work outside of the trace of whoever woke it. */
  detached(run: () => void): void;
  /** A claim has committed. `wokenBy` is set on the first claim after a wake-up. */
  claimed(claim: {
    readonly jobs: readonly TracedClaim[];
    readonly durationMs: number;
    readonly wokenBy: WakeUpSource | undefined;
  }): void;
  /** The lease was extended. */
  renewed(): void;
  ended(): void;
}

/** A job that was claimed. */
export interface TracedClaim {
  readonly jobId: string;
  readonly chainId: string;
  readonly type: string;
  readonly traceContext: string | undefined;
}
