import type { Client } from "../client/client-api.ts";
import type { MemoryTransaction } from "../memory/sessions.ts";
import type { RetryPolicy } from "../model/retry.ts";
import type { ChainStatus } from "../model/status.ts";
import type { AttemptOutcome, EventSubscriber } from "../ports/telemetry.ts";
import type { Chain } from "../types/chain.ts";
import type { JobTypes } from "../types/job-types.ts";
import type { InputOf } from "../types/look-ups.ts";
import type { ContextOf, Middleware } from "../types/middleware.ts";
import type { ChainOutput } from "../types/reach.ts";
import type { CheckSlices, MergedTypes } from "../types/slices.ts";
import type { WorkerOptions } from "../worker/worker-api.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** What a test client is made of. */
export interface TestClientOptions<TJobTypes, TMiddleware> {
  /** As for `createClient`: one slice of job types, or a list of them. */
  jobTypes: TJobTypes & CheckSlices<TJobTypes>;
  /** As for `createClient`: runs around every attempt. */
  middleware?: TMiddleware | undefined;
  /** As for `createClient`: receive what happened, after its commit. */
  events?: readonly EventSubscriber[] | undefined;
  /** The instant to begin at. Default: 2025-01-01T00:00:00Z. */
  startAt?: Date | undefined;
  /** Ids and jitter follow from it: the same test sees the same. A whole number. Default 1. */
  seed?: number | undefined;
  /** The most jobs that run at once. Default 10. */
  concurrency?: number | undefined;
  /** As for `createWorker`: the retry policy of handlers that have none of their own. */
  retry?: RetryPolicy | undefined;
}

/** A value of which only some properties are given. */
export type PartOf<TValue> = TValue extends readonly unknown[]
  ? TValue
  : TValue extends object
    ? { [TKey in keyof TValue]?: PartOf<TValue[TKey]> | undefined }
    : TValue;

/** A chain that was started, as it stands. */
export interface TestChain<
  out TName extends string = string,
  out TInput = unknown,
> extends Chain<TName> {
  readonly status: ChainStatus;
  /** The input as it is stored: JSON. */
  readonly input: TInput;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAt: Date;
}

/** An attempt that has ended. */
export interface SettledAttempt {
  readonly jobId: string;
  readonly type: string;
  readonly chainId: string;
  /** The job type that the chain started with. */
  readonly chainType: string;
  /** From 1. */
  readonly attempt: number;
  readonly outcome: AttemptOutcome;
  /** What the handler threw; with "retried" and "failed". */
  readonly error: unknown;
  /** With "retried": how long until the next attempt. */
  readonly retryInMs: number | undefined;
  readonly endedAt: Date;
}

/**
 * A client with a worker, a database and a clock of its own, all in memory, for tests of job types. Time stands still until `advance` moves it.
 * Assertions throw an error that says what was found instead; its name is "AssertionError", so every test runner shows it as one.
 */
export interface TestClient<T, TContext> {
  /** The client, for the code under test. */
  readonly client: Client<T, MemoryTransaction, TContext>;
  /** The clock of database, client and worker; `clock.schedule` lets a handler wait for virtual time. */
  readonly clock: VirtualClock;
  /** The present virtual instant. */
  now(): Date;

  /**
   * Starts the worker with these handlers, or with a list of sets from `defineHandlers`. Jobs of types without a handler wait.
   *
   * @throws LifecycleError for a second call. What `createWorker` throws.
   */
  // A method of something whose types are known: so literals in handlers without parameters do not widen.
  work(handlers: WorkerOptions<T, MemoryTransaction, TContext>["handlers"]): Promise<void>;

  /**
   * Runs all that is ready, continuations and released jobs included, and resolves when no job with a handler is ready or running. Time does not
   * move, so what is scheduled stays so.
   *
   * @throws AssertionError that names the jobs, when some still run after `timeoutMs` of real time (default 5,000): they wait for a later time, or
   * for the test. LifecycleError before `work`.
   */
  drain(options?: { readonly timeoutMs?: number | undefined }): Promise<void>;

  /**
   * Runs all that is ready, then moves time on by `ms` or to an instant: whatever becomes due on the way runs at its own time, in order, with
   * all that follows from it; retries, schedules, timeouts and polls alike. It does not wait for handlers that wait for a still later time,
   * nor for files and sockets: `drain` before, where handlers use those.
   *
   * @throws OptionInvalidError for a time that lies behind.
   */
  advance(to: number | { readonly to: Date }): Promise<void>;

  /** The chains that have been started and not deleted, oldest first. */
  startedChains<
    K extends { [N in keyof T]: T[N] extends { readonly entry: true } ? N : never }[keyof T] &
      string,
  >(filter?: {
    readonly type?: K | undefined;
    readonly label?: { readonly key: string; readonly value: string } | undefined;
  }): Promise<readonly TestChain<K, InputOf<T, K>>[]>;

  /** The attempts that have ended, in order. */
  settledAttempts(filter?: {
    readonly type?: (keyof T & string) | undefined;
    readonly outcome?: AttemptOutcome | undefined;
  }): readonly SettledAttempt[];

  /**
   * Asserts that a chain of the type was started, with an input that has at least these properties where some are given.
   *
   * @returns The chains that fit, oldest first.
   */
  expectStarted<
    K extends { [N in keyof T]: T[N] extends { readonly entry: true } ? N : never }[keyof T] &
      string,
  >(
    type: K,
    input?: PartOf<InputOf<T, K>>,
  ): Promise<readonly [TestChain<K, InputOf<T, K>>, ...TestChain<K, InputOf<T, K>>[]]>;

  /** Asserts that no chain of the type was started, or none with such an input. */
  expectNotStarted<
    K extends { [N in keyof T]: T[N] extends { readonly entry: true } ? N : never }[keyof T] &
      string,
  >(
    type: K,
    input?: PartOf<InputOf<T, K>>,
  ): Promise<void>;

  /**
   * Asserts that the chain has completed, with exactly this output where one is given. It does not wait: `drain` or `advance` before.
   *
   * @returns The output.
   */
  expectCompleted<
    K extends { [N in keyof T]: T[N] extends { readonly entry: true } ? N : never }[keyof T] &
      string,
  >(
    chain: Chain<K>,
    output?: ChainOutput<T, K>,
  ): Promise<ChainOutput<T, K>>;

  /**
   * Asserts that the chain has failed, with this text in its error's message, or a message that fits the pattern.
   *
   * @returns The error as it was stored.
   */
  expectFailed(
    chain: Chain,
    expected?: { readonly message?: string | RegExp | undefined },
  ): Promise<{ readonly name: string; readonly message: string }>;

  /**
   * Asserts that an attempt of the type ended so; `attempt`: the one with this number.
   *
   * @returns The first that fits.
   */
  expectSettled(expected: {
    readonly type: keyof T & string;
    readonly outcome: AttemptOutcome;
    readonly attempt?: number | undefined;
  }): SettledAttempt;

  /** Stops the worker (what still runs is aborted with reason "shutdown") and closes the client and its database. Closing twice is fine. */
  close(): Promise<void>;
}

/**
 * Makes a test client.
 *
 * @throws What `createClient` throws for job types that do not fit together.
 */
export type CreateTestClient = <
  const TJobTypes extends JobTypes<unknown> | readonly JobTypes<unknown>[],
  const TMiddleware extends readonly Middleware<unknown>[] = [],
>(
  options: TestClientOptions<TJobTypes, TMiddleware>,
) => Promise<TestClient<MergedTypes<TJobTypes>, ContextOf<TMiddleware>>>;
