import type { AbortReason } from "../errors/attempt-errors.ts";
import type { ClosedChainStatus } from "../model/retention.ts";
import type { JobStatus } from "../model/status.ts";

/** What an event about a chain names. */
export interface ChainSubject {
  readonly chainId: string;
  /** The job type that the chain started with. */
  readonly chainType: string;
}

/** What an event about a job names. */
export interface JobSubject extends ChainSubject {
  /** `<chainId>:<chainIndex>`. */
  readonly jobId: string;
  readonly type: string;
}

/** What an event about an attempt names. */
export interface AttemptSubject extends JobSubject {
  readonly attempt: number;
  readonly workerId: string;
}

/** How an attempt ended. `released`: given back without counting, because its worker stops. */
export type AttemptOutcome =
  | "completed"
  | "continued"
  | "retried"
  | "rescheduled"
  | "failed"
  | "cancelled"
  | "lost"
  | "released";

/**
 * What happened. An event about a change in the database leaves after the change has committed, never when it rolled back (P6), and at
 * most once: it is lost when the process dies between the two.
 */
export type DomainEvent =
  | ({
      readonly name: "chain.started";
      readonly jobStatus: JobStatus;
      /** The start's transaction could not be observed; the first claim proved its commit. */
      readonly isDeferred: boolean;
      /** With `isDeferred`: when the chain was started, by the database's clock, in ms since the epoch. */
      readonly startedAtMs?: number;
      readonly labels?: Readonly<Record<string, string>>;
      readonly traceContext?: string | undefined;
    } & ChainSubject)
  | ({
      readonly name: "chain.deduplicated";
      readonly outcome: "kept" | "replaced" | "debounced" | "same id";
      /** That of the chain that was found. */
      readonly traceContext?: string | undefined;
    } & ChainSubject)
  | ({
      readonly name: "chain.closed";
      readonly status: "completed" | "failed" | "cancelled";
      /** From the start of the chain, by the database's clock. */
      readonly durationMs: number;
      readonly jobCount: number;
    } & ChainSubject)
  | ({ readonly name: "chain.redriven" } & ChainSubject)
  | ({ readonly name: "chain.deleted" } & ChainSubject)
  /** A worker deleted closed chains that its retention does not keep: an event for each status and type in a batch. */
  | {
      readonly name: "chains.retired";
      readonly status: ClosedChainStatus;
      readonly chainType: string;
      readonly count: number;
      readonly workerId: string;
    }
  | ({
      readonly name: "job.continued";
      readonly nextType: string;
      readonly nextJobId: string;
      /** `running`: the worker went on with it at once. */
      readonly nextStatus: "blocked" | "scheduled" | "ready" | "running";
    } & JobSubject)
  | ({
      readonly name: "job.completedWithoutWorker";
      readonly outcome: "completed" | "continued";
    } & JobSubject)
  | {
      readonly name: "job.unblocked";
      readonly jobId: string;
      readonly chainId: string;
      readonly type: string;
      /** From its creation, by the database's clock. */
      readonly blockedMs: number;
    }
  | {
      readonly name: "job.triggered";
      readonly jobId: string;
      readonly chainId: string;
      readonly type: string;
    }
  | {
      readonly name: "job.rescheduled";
      readonly jobId: string;
      readonly chainId: string;
      readonly type: string;
    }
  | ({ readonly name: "attempt.started"; readonly waitMs: number } & AttemptSubject)
  | ({
      readonly name: "attempt.ended";
      readonly outcome: AttemptOutcome;
      readonly durationMs: number;
      /** What the handler threw; with `retried` and `failed`. */
      readonly error?: unknown;
      /** With `retried`: the time until the next attempt. */
      readonly retryInMs?: number;
      /** With `cancelled` and `lost`. */
      readonly reason?: AbortReason;
    } & AttemptSubject)
  | ({ readonly name: "attempt.aborted"; readonly reason: AbortReason } & AttemptSubject)
  /** A worker's lease ended with the job in its hands: seen by whoever reaped it. */
  | ({ readonly name: "attempt.reaped"; readonly outcome: "released" | "failed" } & AttemptSubject)
  | { readonly name: "type.paused" | "type.resumed"; readonly type: string }
  | {
      readonly name: "worker.started";
      readonly workerId: string;
      readonly workerName: string;
      readonly types: readonly string[];
      readonly concurrency: number;
    }
  | { readonly name: "worker.stopping"; readonly workerId: string; readonly runningCount: number }
  | { readonly name: "worker.stopped"; readonly workerId: string }
  | { readonly name: "worker.leaseLost"; readonly workerId: string; readonly heldCount: number }
  /** Once per outage, not per call. */
  | { readonly name: "store.unavailable"; readonly workerId: string; readonly error: unknown }
  | { readonly name: "store.recovered"; readonly workerId: string; readonly outageMs: number }
  /** Wake-ups cannot be published, or may not arrive: polling finds what they would tell. Once per outage. */
  | { readonly name: "notify.unavailable"; readonly error: unknown }
  | { readonly name: "notify.recovered" }
  /** Something of the user's threw where nobody could catch it: an effect, a subscriber, a handler after its commit. */
  | {
      readonly name: "callback.failed";
      readonly callback: "effect" | "subscriber" | "handlerAfterCommit";
      readonly error: unknown;
      readonly jobId?: string;
    }
  /** An operator's action, once it has committed. */
  | {
      readonly name: "operate.action";
      readonly action: string;
      readonly actor: string | undefined;
      readonly reason: string | undefined;
      readonly chainIds: readonly string[];
      readonly types: readonly string[];
      readonly affectedCount: number;
    };

/** An event with the process's time at which it was emitted, in ms since the epoch. */
export type EmittedEvent = DomainEvent & { readonly atMs: number };

/**
 * Receives events, in the order in which they were emitted, some at a time. It must return soon: the engine does not wait for a promise. What
 * it throws is caught and told to the other subscribers.
 */
export type EventSubscriber = (events: readonly EmittedEvent[]) => void;
