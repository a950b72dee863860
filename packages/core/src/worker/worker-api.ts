import type { Client } from "../client/client-api.ts";
import type { RetentionOptions } from "../model/retention.ts";
import type { RetryPolicy } from "../model/retry.ts";
import type { Job } from "../types/job.ts";
import type { JobTypes } from "../types/job-types.ts";
import type { JsonValue } from "../types/json.ts";
import type { BlockersOf, JobInput } from "../types/look-ups.ts";
import type {
  Continuation,
  Rescheduled,
  ReturnedContinuation,
  ReturnedOutput,
  Settled,
} from "../types/outcomes.ts";
import type { BlockersRead, NextJobs } from "../types/start-fields.ts";

declare const transactionOf: unique symbol;

/** What a handler gets. It may be taken apart: no method needs `this`. */
// Parts that are resolved already, never the map of all job types: messages show the job's own types.
export interface HandlerArguments<TJob, TTransaction, TOutcome, TNext, TContext> {
  readonly job: TJob;
  /**
   * Aborted when the attempt is of no more use. `signal.reason` is an `AttemptAbortedError` whose `reason` says why:
   * "timeout", "leaseLost", "cancelled", "deleted", "completedElsewhere" or "shutdown".
   */
  readonly signal: AbortSignal;
  /** What the client's middleware added. */
  readonly context: TContext;

  /** Names the next job of the chain. Pure: it takes effect when the handler, or `commit`, returns it. */
  continueWith<N extends keyof TNext & string>(next: { type: N } & TNext[N]): Continuation<N>;

  /**
   * Runs the last writes in the transaction that settles the job: the writes, the outcome that `run` returns, the next
   * job and the release of waiting jobs commit together or not at all (P2). Return its result. To be called once.
   *
   * When `run` throws, the transaction is rolled back and the error is thrown on; thrown on by the handler, it is the
   * error of the attempt.
   *
   * @throws AttemptLostError when the attempt no longer holds the job; the writes were rolled back (P3).
   */
  commit(run: (tx: TTransaction) => Promise<TOutcome | Rescheduled>): Promise<Settled>;

  /**
   * Asks to run the same job again, `delayMs` from now or `at` an instant, both by the database's clock. It uses no
   * attempt. Pure: it takes effect when the handler, or `commit`, returns it.
   */
  reschedule(
    schedule: { delayMs: number; at?: never } | { at: Date; delayMs?: never },
  ): Rescheduled;

  /** Reports how far the attempt has come. The last value goes out with the worker's next beat; those before it are dropped. */
  progress(value: JsonValue): void;
}

/** How the attempts of one job type are run. What is left out is the worker's. */
export interface HandlerOptions {
  /** How often and when a failed attempt is tried again. Property by property, before the worker's own. */
  retry?: RetryPolicy | undefined;
  /** After this many ms the attempt's `signal` is aborted. It goes on holding the job until it returns or throws. Default: no limit. */
  timeoutMs?: number | undefined;
  /** The most jobs of this type that run at once in this process. Default: the worker's `concurrency`. */
  concurrency?: number | undefined;
}

/**
 * The function for a job type. It may run more than once for a job, so its effects outside the database should be
 * idempotent, with `job.id` as their key. It ends the attempt by returning an output, a continuation, a reschedule or the
 * result of `commit`; a throw fails the attempt, and `UnrecoverableError` the job.
 */
export type Handle<TArguments, TOutcome> = (
  handler: TArguments,
) => Promise<TOutcome | Settled | Rescheduled>;

/** A handler: the function alone, or with options. */
export type Handler<TArguments, TOutcome> =
  | Handle<TArguments, TOutcome>
  | (HandlerOptions & { handle: Handle<TArguments, TOutcome> });

/** Handlers by job type. A worker claims the types that it has handlers for, and no others. */
// A handler's type is written out, here and in DefineHandlers: an alias would print the whole map in messages.
export type Handlers<T, TTransaction, TContext> = {
  [K in keyof T]?: Handler<
    HandlerArguments<
      Job<K & string, JobInput<T, K>, BlockersRead<T, BlockersOf<T, K>>>,
      TTransaction,
      ReturnedOutput<T[K]> | ReturnedContinuation<T[K]>,
      NextJobs<T, T[K]>,
      TContext
    >,
    ReturnedOutput<T[K]> | ReturnedContinuation<T[K]>
  >;
};

/** The handlers of a slice, for a worker of a client with this transaction and this context. Made by {@link DefineHandlers}. */
export interface HandlerSet<in TTransaction, in TContext> {
  readonly [transactionOf]?: (tx: TTransaction, context: TContext) => void;
  /** By job type. Frozen. */
  readonly handlers: Readonly<Record<string, Handler<never, unknown>>>;
}

/** Defines the handlers of one slice, to be given to a worker beside others. The client is there for its types alone. */
export type DefineHandlers = <T, TTransaction, TContext, TSlice>(
  client: Client<T, TTransaction, TContext>,
  slice: JobTypes<TSlice>,
  handlers: NoInfer<{
    [K in keyof TSlice]?: K extends keyof T
      ? Handler<
          HandlerArguments<
            Job<K & string, JobInput<T, K>, BlockersRead<T, BlockersOf<T, K>>>,
            TTransaction,
            ReturnedOutput<T[K]> | ReturnedContinuation<T[K]>,
            NextJobs<T, T[K]>,
            TContext
          >,
          ReturnedOutput<T[K]> | ReturnedContinuation<T[K]>
        >
      : never;
  }>,
) => HandlerSet<TTransaction, TContext>;

/** What a worker is made of. */
export interface WorkerOptions<T, TTransaction, TContext> {
  /** The handlers by job type, or a list of sets from `defineHandlers`. Two sets must not handle one type. */
  // No array: its methods would take part in the typing of handlers for job types named "at", "find" or "fill".
  handlers: Handlers<T, TTransaction, TContext> | Iterable<HandlerSet<TTransaction, TContext>>;
  /** The most jobs that run at once. 1 or more. Default 10. */
  concurrency?: number | undefined;
  /** How long the worker's jobs stay its own without a sign of life. It renews every third of it. 1,000 or more. Default 30,000. */
  leaseMs?: number | undefined;
  /** How often to look for jobs when no wake-up comes, with jitter. Default 5,000. */
  pollIntervalMs?: number | undefined;
  /**
   * How much work to hold ready beyond what runs, in ms at the measured pace; at most 500 jobs. What is held and not begun is
   * given back on stop, and counts no attempt. 0: none. Default 50.
   */
  prefetchMs?: number | undefined;
  /** The retry policy of handlers that have none of their own, property by property. */
  retry?: RetryPolicy | undefined;
  /** How long `stop` waits for running jobs before it aborts them. Default 30,000. */
  stopTimeoutMs?: number | undefined;
  /**
   * Which closed chains to keep, by status; this worker deletes the others, of all job types, in small batches beside its work. Chains that open ones or
   * failed ones still need stay, and so does one whose deduplication key has a window that is not over. A chain that is gone is not found any more, by those
   * who await it neither: keep chains for longer than anybody may be late. Several workers may have it; each goes by its own. Default: all are kept.
   */
  retention?: RetentionOptions | undefined;
  /** How often to look for chains that `retention` does not keep, in ms, with jitter. 10 to 86,400,000. Default 60,000. */
  retentionIntervalMs?: number | undefined;
  /** Shown to operators. Default: made of host and process id. */
  name?: string | undefined;
}

/** The machine that claims jobs and runs their handlers. Made by {@link CreateWorker}; it does nothing before `start`. */
export interface Worker {
  /** A new one for each worker made. */
  readonly id: string;

  /**
   * Registers the worker and begins to claim; resolves when it has. A database that is lost later is waited for.
   *
   * @throws LifecycleError when it was started or stopped before. StoreUnavailableError when the database cannot be reached.
   */
  start(): Promise<void>;

  /**
   * Claims no more, waits for what runs up to `timeoutMs` (default: `stopTimeoutMs`), then aborts it with reason
   * "shutdown" and waits another second for it to return; gives back what it holds without counting an attempt. A handler
   * that goes on nevertheless has lost its job: the fence refuses what it writes. Stopping twice is fine.
   */
  stop(options?: { timeoutMs?: number | undefined }): Promise<void>;

  /**
   * Resolves when no job that this worker handles is ready or running: the worker has run everything that was due,
   * continuations and released jobs included. It goes on working. Scheduled jobs are not waited for.
   *
   * @throws DrainTimeoutError after `timeoutMs`. Default: no limit.
   */
  drain(options?: { timeoutMs?: number | undefined }): Promise<void>;
}

/**
 * Makes a worker for a client.
 *
 * @throws HandlerDuplicateError when two sets handle one type, JobTypeUnknownError for a handler of an unknown type,
 * OptionInvalidError for options out of range.
 */
// The client is an argument of its own, and the options are NoInfer: only so are the job types known before the handlers
// are looked at. In one object, a handler without parameters would be typed first, and its literals would widen.
export type CreateWorker = <T, TTransaction, TContext>(
  client: Client<T, TTransaction, TContext>,
  options: NoInfer<WorkerOptions<T, TTransaction, TContext>>,
) => Worker;
