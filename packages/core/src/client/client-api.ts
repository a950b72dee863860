import type { TransactionHooks } from "../engine/transaction-hooks.ts";
import type { Explanation } from "../model/explanation.ts";
import type { NotifyAdapter } from "../ports/notify-adapter.ts";
import type { StateAdapter } from "../ports/state-adapter.ts";
import type { EventSubscriber } from "../ports/telemetry.ts";
import type { Telemetry } from "../ports/tracing.ts";
import type { Chain, ChainSnapshot, CompletedChain, StartedChain } from "../types/chain.ts";
import type { JobTypes } from "../types/job-types.ts";
import type { EmptyRecord } from "../types/look-ups.ts";
import type { ContextOf, Middleware } from "../types/middleware.ts";
import type { ChainOutput } from "../types/reach.ts";
import type { CheckSlices, MergedTypes } from "../types/slices.ts";
import type { NextJobs, StartFields } from "../types/start-fields.ts";
import type { Inspect, InspectOptions } from "./inspect/inspect-api.ts";
import type { Operate, OperateOptions } from "./operate/operate-api.ts";
import type {
  CancelChainResult,
  ChainResult,
  CompleteChainResult,
  DeleteChainResult,
  NewSchedule,
  WriteOptions,
} from "../engine/write-api.ts";

declare const contextOf: unique symbol;

/** The chain that a call is about: a handle, or an id. */
export type ChainReference<TName extends string = string> =
  | { chain: Chain<TName>; chainId?: never }
  | { chainId: string; chain?: never };

/** How `completeChain` ends the open job: with what a handler of its type could return. */
export type ChainCompletion<TDefinition, TNext> =
  | (TDefinition extends { readonly output: infer TOutput }
      ? (undefined extends TOutput ? { output?: TOutput } : { output: TOutput }) & {
          continueWith?: never;
        }
      : TDefinition extends { readonly continueWith: string }
        ? never
        : { output?: undefined; continueWith?: never })
  | (TDefinition extends { readonly continueWith: string }
      ? {
          continueWith: { [K in keyof TNext]: { type: K } & TNext[K] }[keyof TNext];
          output?: never;
        }
      : never);

/**
 * The door to chains: starts them, awaits them, acts on them. Made by {@link CreateClient}.
 *
 * Every call that writes names its transaction, `tx`. Every call may throw what its database throws, translated:
 * `StoreUnavailableError`, `StoreConflictError` (run the transaction again), and `TransactionInvalidError` for a `tx`
 * that has ended. A call that throws has changed nothing, in the caller's transaction neither.
 */
// The constraints of the type parameters are written out: an alias would make messages print the whole map of job types.
export interface Client<T, TTransaction, TContext = EmptyRecord> {
  readonly [contextOf]?: TContext;

  /** Reads for people and tools: lists, counts, graphs, attempts. */
  readonly inspect: Inspect;
  /** Actions for people and tools, with permissions and audit. */
  readonly operate: Operate<TTransaction>;

  /**
   * Opens a transaction of the user's own kind and hands it to `run` as it is. Commits when `run` resolves, then sends
   * the signals of what was written in it; rolls back when `run` throws, and throws the same error.
   */
  transaction<TResult>(run: (tx: TTransaction) => Promise<TResult>): Promise<TResult>;

  /**
   * Runs `run` in a savepoint of `tx`. When it throws, its writes are undone and its signals dropped, the error is thrown
   * on, and `tx` goes on. Savepoints nest; two of one transaction must not run at the same time.
   */
  savepoint<TResult>(
    options: { tx: TTransaction; hooks?: TransactionHooks | undefined },
    run: () => Promise<TResult>,
  ): Promise<TResult>;

  /**
   * Makes hooks for a transaction that is opened without the client:
   * `client.withTransactionHooks((hooks) => db.transaction((tx) => client.startChain({ tx, hooks, … })))`.
   * Sends the signals after `run` resolved, so `run` has to resolve after the commit; drops them when it throws.
   */
  withTransactionHooks<TResult>(
    run: (hooks: TransactionHooks) => Promise<TResult>,
  ): Promise<TResult>;

  /**
   * Runs `effect` after `tx` has committed, and never when it, or the savepoint that this is called in, rolls back. `tx` is
   * one of `client.transaction` or of a handler's `commit`. An effect that throws is reported to `events` and undoes
   * nothing; one is lost when the process dies between the commit and it.
   *
   * @throws TransactionInvalidError for a `tx` that the client did not open and that comes without hooks.
   */
  onCommit(options: { tx: TTransaction }, effect: () => void | Promise<void>): void;

  /**
   * Starts a chain of an entry type: the chain exists if and only if the transaction commits (P1). The input is checked
   * by the schema and for JSON before anything is written; stored is the value as it was given.
   *
   * @returns A handle, and whether a chain existed already (`deduplicated`).
   * @throws ValueInvalidError when the schema refuses the input, ValueNotJsonError when JSON cannot carry it.
   * @throws OptionInvalidError for options out of range, or `scheduledAt` together with `delayMs`.
   * @throws BlockerUnusableError for a blocker that does not exist or was cancelled.
   * @throws ChainIdConflictError when `id` belongs to a chain of another type.
   */
  startChain<
    K extends { [N in keyof T]: T[N] extends { readonly entry: true } ? N : never }[keyof T] &
      string,
  >(
    options: WriteOptions<TTransaction> & { type: K } & StartFields<T, K>,
  ): Promise<StartedChain<K>>;

  /**
   * Starts any number of chains, all or none, at the cost of one. They are inserted in their order, so one may repeat a
   * deduplication key of an earlier one.
   *
   * @returns One handle for each, in order.
   * @throws What `startChain` throws, for the first chain that is wrong.
   */
  startChains<
    const TNames extends readonly ({
      [N in keyof T]: T[N] extends { readonly entry: true } ? N : never;
    }[keyof T] &
      string)[],
  >(
    options: WriteOptions<TTransaction> & {
      chains: readonly [
        ...{ [I in keyof TNames]: { type: TNames[I] } & StartFields<T, TNames[I]> },
      ];
    },
  ): Promise<{ -readonly [I in keyof TNames]: StartedChain<TNames[I]> }>;

  /**
   * Ends the open job of a chain without a worker: an approval, a webhook. `type` names the job type that is expected to
   * be open; the chain is left as it is when it has come to another one. It ends with `output`, or goes on with
   * `continueWith`, as a handler of that type would. A worker that runs the job is told to stop, and its outcome is
   * refused.
   *
   * @throws ValueInvalidError, ValueNotJsonError, OptionInvalidError and BlockerUnusableError as `startChain` does.
   */
  completeChain<K extends keyof T & string>(
    options: WriteOptions<TTransaction> &
      ChainReference & { type: K } & ChainCompletion<T[K], NextJobs<T, T[K]>>,
  ): Promise<CompleteChainResult>;

  /**
   * Waits until a chain has completed, by wake-up or by polling, and reads its output. It holds no connection meanwhile.
   *
   * @throws ChainFailedError or ChainCancelledError when the chain ended so.
   * @throws ChainNotFoundError when it does not exist: its transaction rolled back or has not committed yet, or it was deleted.
   * @throws AwaitChainTimeoutError after `timeoutMs`; the chain goes on. The reason of `signal` when that is aborted.
   */
  awaitChain<
    K extends { [N in keyof T]: T[N] extends { readonly entry: true } ? N : never }[keyof T] &
      string,
  >(options: {
    chain: Chain<K>;
    /** 0 or more. Default: no limit. */
    timeoutMs?: number | undefined;
    signal?: AbortSignal | undefined;
    /** How often to look when no wake-up comes, with jitter. Default 1,000. */
    pollIntervalMs?: number | undefined;
  }): Promise<CompletedChain<K, ChainOutput<T, K & keyof T>>>;

  /**
   * Reads a chain as it stands, with its output when it has completed. A handle gives the output its type. In a
   * transaction of the caller's it would not see that transaction's own writes: it reads what has committed.
   *
   * @returns `undefined` when there is no such chain.
   */
  getChain<K extends string = string>(
    options: ChainReference<K>,
  ): Promise<ChainSnapshot<K, K extends keyof T ? ChainOutput<T, K> : unknown> | undefined>;

  /**
   * Cancels open chains: the open job becomes cancelled, and an attempt that runs is told to stop. A chain that others
   * wait for is left as it is unless `cascade`, which cancels those, too, and theirs.
   *
   * @returns One result for each id, in order; with `cascade`, those of the others after them.
   */
  cancel(
    options: WriteOptions<TTransaction> & {
      chainIds: readonly string[];
      /** Kept with the chain and thrown to those who await it. */
      reason?: string | undefined;
      /** Default false. */
      cascade?: boolean | undefined;
    },
  ): Promise<CancelChainResult[]>;

  /**
   * Opens failed chains again: the failed job becomes ready and may use all its attempts anew.
   *
   * @returns One result for each id, in order.
   */
  redrive(
    options: WriteOptions<TTransaction> & { chainIds: readonly string[] },
  ): Promise<ChainResult<"redriven" | "notFound" | "notFailed">[]>;

  /**
   * Makes the scheduled job of each chain ready at once. A job that is blocked, ready, running or over is not triggerable.
   *
   * @returns One result for each id, in order.
   */
  trigger(
    options: WriteOptions<TTransaction> & { chainIds: readonly string[] },
  ): Promise<ChainResult<"triggered" | "notFound" | "notTriggerable">[]>;

  /**
   * Moves the open job of each chain to another time. A job that runs or is over is not reschedulable.
   *
   * @returns One result for each id, in order.
   * @throws OptionInvalidError for a time that is none.
   */
  reschedule(
    options: WriteOptions<TTransaction> & { chainIds: readonly string[] } & NewSchedule,
  ): Promise<ChainResult<"rescheduled" | "notFound" | "notReschedulable">[]>;

  /**
   * Deletes chains with all that belongs to them, whatever their status. A chain that a job of another chain names as its
   * blocker is left unless `cascade`, which deletes those chains, too, and theirs. An attempt that runs is told to stop.
   *
   * @returns One result for each id, in order; with `cascade`, those of the others after them.
   */
  deleteChains(
    options: WriteOptions<TTransaction> & {
      chainIds: readonly string[];
      /** Default false. */
      cascade?: boolean | undefined;
    },
  ): Promise<DeleteChainResult[]>;

  /**
   * Says why a job, or the open job of a chain, is not running.
   *
   * @throws JobNotFoundError or ChainNotFoundError when there is none.
   */
  explain(
    options: { jobId: string; chainId?: never } | { chainId: string; jobId?: never },
  ): Promise<Explanation>;

  /**
   * Ends what the client itself began: its subscriptions and its pending `awaitChain` calls, which throw. Workers are to
   * be stopped before, adapters closed after. Closing twice is fine.
   */
  close(): Promise<void>;
}

/** What a client is made of. */
export interface ClientOptions<TJobTypes, TTransaction, TMiddleware> {
  /** One slice of job types, or a list of them that together define every name they refer to. */
  jobTypes: TJobTypes & CheckSlices<TJobTypes>;
  /** The database. */
  state: StateAdapter<TTransaction>;
  /** Carries wake-ups between processes. Without one, workers and `awaitChain` poll. */
  notify?: NotifyAdapter | undefined;
  /** Runs around every attempt, the first outermost, and adds to the handlers' `context`. */
  middleware?: TMiddleware | undefined;
  /** Receive what happened, after its commit. */
  events?: readonly EventSubscriber[] | undefined;
  /** Traces calls and attempts, and turns events into spans, metrics and logs: made by `createOpenTelemetry` of `@queuert/otel`. Default: none, at no cost. */
  telemetry?: Telemetry | undefined;
  /** For `client.inspect` and `client.operate`: who may act, who acts, and what is shown of payloads. */
  operations?: (InspectOptions & OperateOptions) | undefined;
}

/**
 * Makes a client. It reads the database's schema version and writes nothing.
 *
 * @throws JobTypeDuplicateError, JobTypeDefinitionError when the slices do not fit together.
 * @throws StoreSetupError when the schema is missing or of another version: migrate first.
 */
// One signature: a mistake is reported at its own slice and not as "no overload matches this call".
export type CreateClient = <
  const TJobTypes extends JobTypes<unknown> | readonly JobTypes<unknown>[],
  TTransaction,
  const TMiddleware extends readonly Middleware<unknown>[] = [],
>(
  options: ClientOptions<TJobTypes, TTransaction, TMiddleware>,
) => Promise<Client<MergedTypes<TJobTypes>, TTransaction, ContextOf<TMiddleware>>>;

/**
 * The type of a client, to name it where it is passed on: `ClientOf<typeof jobTypes, DatabaseSync>`, or with a list of slices
 * `ClientOf<[typeof orders, typeof billing], PoolClient>`. `TContext` is what its middleware adds.
 */
export type ClientOf<
  TJobTypes extends JobTypes<unknown> | readonly JobTypes<unknown>[],
  TTransaction,
  TContext = EmptyRecord,
> = Client<MergedTypes<TJobTypes>, TTransaction, TContext>;
