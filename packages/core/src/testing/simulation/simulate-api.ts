import type { Client } from "../../client/client-api.ts";
import type { MemoryTransaction } from "../../memory/sessions.ts";
import type { RetryPolicy } from "../../model/retry.ts";
import type { JobTypes } from "../../types/job-types.ts";
import type { InputOf } from "../../types/look-ups.ts";
import type { ContextOf, Middleware } from "../../types/middleware.ts";
import type { ChainOutput } from "../../types/reach.ts";
import type { CheckSlices, MergedTypes } from "../../types/slices.ts";
import type { Handlers, HandlerSet } from "../../worker/worker-api.ts";
import type { TestChain } from "../test-client-api.ts";
import type { SimulatedFault } from "./faults.ts";
import type { Random } from "./random.ts";
import type { SimulationPlan } from "./run-system.ts";

/** What stands outside all processes and survives their crashes: fakes of services, to be made anew for each run. */
export interface WorldScope {
  /** Chance that follows from the seed. */
  readonly random: Random;
  /** The virtual time, in ms since the epoch. */
  now(): number;
  /** Resolves after so many ms of virtual time. */
  wait(ms: number): Promise<void>;
}

/** What the code of one process works with. The process may be paused, or die at any of its awaits; then nothing of it goes on. */
export interface ProcessScope<T, TContext, TWorld> {
  readonly client: Client<T, MemoryTransaction, TContext>;
  readonly world: TWorld;
  /** Chance that follows from the seed. */
  readonly random: Random;
  /** Resolves after so many ms of virtual time; never, when the process dies. */
  wait(ms: number): Promise<void>;
  /**
   * Calls something outside the process, as over a network: the call may be refused, its reply may be lost, each may be slow, and the process may
   * die at it. Use it for all that reads or changes `world`.
   *
   * @throws An `Error` when the call was refused or its reply was lost; the caller cannot tell which.
   */
  call<TResult>(run: () => TResult | Promise<TResult>): Promise<TResult>;
  /** Changes `world` as a write in the transaction `tx`: if and only if it commits, and at that moment. A savepoint that rolls back takes it along. */
  write(options: { readonly tx: MemoryTransaction }, change: () => void): void;
}

/** What one step of the users works with. */
export interface StepScope<T, TContext, TWorld> extends ProcessScope<T, TContext, TWorld> {
  /** From 0. */
  readonly step: number;
}

/** A chain as it stands. `output`: of one that has completed. */
export interface SimulatedChain<
  out TName extends string = string,
  out TInput = unknown,
  out TOutput = unknown,
> extends TestChain<TName, TInput> {
  readonly output: TOutput | undefined;
}

/** What an invariant looks at: all that has committed. */
export interface SimulatedState<T, TWorld> {
  readonly world: TWorld;
  /** The chains, of one type or of all, oldest first. */
  chains<
    K extends { [N in keyof T]: T[N] extends { readonly entry: true } ? N : never }[keyof T] &
      string,
  >(
    type?: K,
  ): Promise<readonly SimulatedChain<K, InputOf<T, K>, ChainOutput<T, K>>[]>;
}

/** Throws when what it looks at is untrue. */
export type SimulatedInvariant<T, TWorld> = (
  state: SimulatedState<T, TWorld>,
) => void | Promise<void>;

/** What is simulated, and how much of it. */
// `world` stands first: what it returns types the others.
export interface SimulateOptions<T, TContext, TMiddleware, TWorld> {
  /** Makes what stands outside the processes: once for each run. Default: nothing, `undefined`. */
  world?: ((scope: WorldScope) => TWorld) | undefined;
  /** As for `createClient`: runs around every attempt. */
  middleware?: TMiddleware | undefined;
  /** Makes the handlers of one worker process, as for `createWorker`. */
  handlers: (
    scope: ProcessScope<T, TContext, NoInfer<TWorld>>,
  ) => NoInfer<
    Handlers<T, MemoryTransaction, TContext> | Iterable<HandlerSet<MemoryTransaction, TContext>>
  >;
  /** What users do in one step: start chains, cancel some, await others. An outage that it does not catch ends the step, nothing else. */
  start: (scope: StepScope<T, TContext, NoInfer<TWorld>>) => Promise<unknown>;
  /** What must be true whenever something has committed, by name. */
  invariants?:
    | Readonly<Record<string, SimulatedInvariant<NoInfer<T>, NoInfer<TWorld>>>>
    | undefined;
  /** What must be true in the end, when faults are over and all has come to rest, by name. */
  atRest?: Readonly<Record<string, SimulatedInvariant<NoInfer<T>, NoInfer<TWorld>>>> | undefined;
  /** The first seed: a whole number. Default 1. */
  seed?: number | undefined;
  /** How many seeds in a row. Default 20. */
  seedCount?: number | undefined;
  /** How many steps users take in each run, while faults happen. Default 20. */
  stepCount?: number | undefined;
  /** Kinds of faults that are left out. Default: none. */
  without?: readonly SimulatedFault[] | undefined;
  /** Runs this plan alone: the one of a `SimulationFailedError`. */
  replay?: SimulationPlan | undefined;
  /** As for `createWorker`: the retry policy of handlers that have none of their own. */
  retry?: RetryPolicy | undefined;
  /** As for `createWorker`. Default: drawn for each worker, from 1 to 10. */
  concurrency?: number | undefined;
  /** How far ahead a job may be scheduled and still be waited for before the run counts as at rest. Default 600,000. */
  horizonMs?: number | undefined;
  /** Takes each line of what happens, as it happens; not of the runs that look for a shorter form. */
  trace?: ((line: string) => void) | undefined;
}

/** What was simulated without a failure. */
export interface SimulationReport {
  readonly seedCount: number;
  readonly chainCount: number;
  /** How many attempts have begun. */
  readonly attemptCount: number;
  /** How often each kind of fault has happened. */
  readonly faults: Readonly<Record<SimulatedFault, number>>;
  /** The virtual time of all runs together. */
  readonly virtualMs: number;
  /** One for each seed; equal for two runs exactly when the same happened in both. */
  readonly traceHashes: readonly string[];
}

/**
 * Runs job types and their handlers in simulated processes, over a database in memory and under one virtual time, while things go wrong: processes
 * crash, pause and stop, calls fail or lose their reply, transactions conflict, leases end, clocks are set, wake-ups are lost or come twice. The seed decides
 * all: the same seed is the same run, event by event, as long as handlers and steps wait by the scope's `wait` and `call` alone, and take time and chance
 * from it.
 *
 * Each run has two parts. First, users take their steps while faults happen, each kind gently, roughly or not at all, as the seed says. Then faults
 * end, and all has to come to rest: each chain closes, waits for one that failed, or is scheduled beyond `horizonMs`.
 *
 * @throws SimulationFailedError when something was untrue, with the shortest plan that was found to show it.
 * @throws What `createClient` and `createWorker` throw for job types and handlers that do not fit together.
 * @throws OptionInvalidError for options out of range.
 */
export type Simulate = <
  const TJobTypes extends JobTypes<unknown> | readonly JobTypes<unknown>[],
  const TMiddleware extends readonly Middleware<unknown>[] = [],
  TWorld = undefined,
>(
  jobTypes: TJobTypes & CheckSlices<TJobTypes>,
  options: SimulateOptions<MergedTypes<TJobTypes>, ContextOf<TMiddleware>, TMiddleware, TWorld>,
) => Promise<SimulationReport>;
