import type { Deduplication } from "../model/deduplication.ts";
import type { JobKey } from "../model/ids.ts";
import type { ClosedChainStatus, RetentionRules } from "../model/retention.ts";
import type { Schedule } from "../model/schedule.ts";
import type { ChainStatus, JobStatus } from "../model/status.ts";
import type { LostReason } from "../errors/attempt-errors.ts";
import type { StateReads } from "./state-reads.ts";

/**
 * The port to a database. Whoever implements it keeps the promises P1–P9 of ARCHITECTURE.md; `@queuert/conformance` shows whether.
 *
 * **Shape.** Every operation takes and returns lists and costs a constant number of round trips. Results stand in the order of the
 * request. An empty list is answered without a round trip.
 *
 * **Transactions.** `tx` is the user's own transaction, or `undefined`: the operation then runs in one of its own and has committed when
 * it returns. An operation that throws has changed nothing, in the user's transaction neither: where it needs several statements, it
 * protects them with a savepoint. Rows are locked in key order; two user transactions that lock in crossed order may still conflict,
 * and the loser gets a `StoreConflictError` (retryable).
 *
 * **Time.** Every comparison uses the database's clock (P8), read once per operation. Durations come in as ms. An adapter accepts a
 * `clock` option for tests only.
 *
 * **Payloads** are JSON text, made and read by core's codec alone: ASCII-safe where JSON allows escapes, so NUL and lone surrogates pass
 * (trap E1). An adapter stores them byte for byte and never parses them.
 *
 * **The fence (P3).** An attempt is written only by its holder: (chain, index, worker, claim number). `claimNo` grows by one with each
 * claim and never shrinks, so an attempt of the past changes nothing, in the same process neither (traps A2, Q4).
 *
 * Errors: `StoreConflictError`, `StoreUnavailableError`, `StoreSetupError`, `TransactionInvalidError`, `TransactionNestedError`; each
 * operation names what else it throws. Driver errors are their `cause`.
 */
export interface StateAdapter<in out TTransaction = unknown> extends StateReads<TTransaction> {
  /** A short name for reports and telemetry: "memory", "sqlite". */
  readonly name: string;

  /**
   * Runs `run` in a new transaction that takes its write lock at once, and commits when it resolves; rolls back when it throws and
   * throws the same error. Throws `TransactionNestedError` where it would wait for a transaction that encloses it (trap C5).
   */
  transaction<TResult>(run: (tx: TTransaction) => Promise<TResult>): Promise<TResult>;

  /** Runs `run` in a savepoint of `tx`: when it throws, its writes are undone, the error is thrown on, and `tx` goes on. Savepoints nest. */
  savepoint<TResult>(tx: TTransaction, run: () => Promise<TResult>): Promise<TResult>;

  /** Brings the schema up to date. Any number of processes may call it at once (trap C13): one does it, the others wait and find it done. */
  migrate(): Promise<MigrationReport>;

  /** Closes what the adapter opened. Waits for operations in flight; later calls throw `StoreUnavailableError`. Closing twice is fine. */
  close(): Promise<void>;

  /**
   * Inserts chains, all or none (P1). Per item, in order: an id that exists answers `sameId` when the type is the same; a deduplication
   * key that names a chain answers by `decideDeduplication`, under the key's lock; else root, labels, key and blockers are
   * inserted. An item sees the items before it: two with one key make one chain.
   *
   * Blockers: registering an edge always *writes* the blocking root (`dependents + 1`), under its lock, so that a closer that comes first
   * is seen and one that comes later sees the edge (traps B7, Q2). An edge counts as open while the blocking chain is open or failed.
   * Completed blockers make an edge too: their outputs are read at the claim. A chain may wait for an earlier one of the same call; one that names
   * itself or a later one names a chain that is not there.
   *
   * Throws `ChainIdConflictError` (id exists with another type), `BlockerUnusableError` (blocker missing or cancelled).
   */
  startChains(params: {
    readonly tx: TTransaction | undefined;
    readonly chains: readonly NewChain[];
  }): Promise<readonly StartResult[]>;

  /**
   * The worker's hot operation, in a transaction of its own: settles, *then* notes started jobs, *then* claims. Atomic per settlement, with a
   * verdict each: one that is refused, lost or deferred leaves the others alone. A held job that is settled counts as started first, unless it
   * is `released`. Never waits for a user's transaction: what it cannot
   * lock is `deferred` and comes again, and a database with one writer may wait for that writer.
   *
   * Settling is idempotent: repeating a settlement that took effect answers `already`, so a lost reply to COMMIT is safe. Closing a chain
   * and releasing its dependants is one atomic step that no concurrent start can slip through (traps B7, B7b, Q1).
   *
   * Claims at most `claim.slots + claim.ahead` ready jobs of the given types whose type is not paused, by (priority, ready time)
   * within a type, best effort across types, and never two callers the same job. The first `slots` of them begin at once and have their attempt
   * counted (P5); the rest are held (`isStarted: false`) until they stand in `started`. A suspect job (its
   * last worker died with it in its hands) is counted at the claim in any place, and comes before the others in the answer. A worker without a live lease claims nothing (`isLive: false`), and its sticky continuations are
   * inserted ready, as is one into a paused type; settling is allowed.
   */
  exchange(params: ExchangeParams): Promise<ExchangeResult>;

  /**
   * Settles in the user's transaction: the same, but waits for locks and never answers `deferred`. A `lost` or `refused` verdict has
   * written nothing; the engine then throws inside the transaction, so that the user's writes roll back (P2).
   */
  settle(params: {
    readonly tx: TTransaction;
    readonly workerId: string;
    readonly settlements: readonly Settlement[];
  }): Promise<readonly Verdict[]>;

  /** Makes a worker known and gives it a lease. The id is new for each registration. */
  registerWorker(worker: NewWorker): Promise<void>;

  /**
   * Extends a live lease (never revives an expired one: `isLive: false`, and nothing else is done), notes started jobs and progress, and
   * compares what the worker holds with what the database says: `lost` names what it no longer owns and why (an attempt that this
   * worker itself settled is no news and not named); what the database
   * gives it and it does not know (a reply that was lost, trap A11) goes back to ready without counting an attempt. Never waits for a user's transaction, a database with one writer excepted: a
   * row that is locked is compared at the next beat.
   */
  renew(params: RenewParams): Promise<RenewResult>;

  /** Ends a worker: what it still holds goes back to ready without counting an attempt, and its row is deleted. */
  removeWorker(params: { readonly workerId: string }): Promise<void>;

  /**
   * Takes the jobs of workers whose lease has expired, and of workers that are gone, at most `limit`: a started job goes back to ready with
   * its attempt counted, or fails when `attemptLimits` names its type and the attempts are used up (P5); a held one goes back uncounted. Jobs of types
   * that are not named are not touched at all, they are left to workers that know them (trap A7). All that go back are suspect: a poison job must not alternate between counted and held.
   * A worker's row is deleted when none of its jobs is left.
   * Safe against a job that settles meanwhile (traps A1, A6); any number of workers may call it.
   */
  reap(params: {
    readonly limit: number;
    readonly attemptLimits: readonly AttemptLimit[];
  }): Promise<ReapResult>;

  /** Moves due jobs from scheduled to ready, at most `limit`, and answers when the next is due. Also drops deduplication rows whose time is over. */
  promote(params: { readonly limit: number }): Promise<PromoteResult>;

  /**
   * Deletes closed chains that no rule keeps, with all that belongs to them, at most `limit`, those with the smallest ids first. In a
   * transaction of its own; any number of workers may call it. Open chains, and chains of a status without a rule, are never touched.
   *
   * A chain is *due* when it is past its status's `maxAgeMs` (it closed that long ago or longer by the database's clock, and its id is of a time as
   * long ago: a client whose clock runs ahead only keeps its chains longer), or when `maxCount` chains of its status have greater ids. All
   * chains of the status count, those that are held back too.
   *
   * A due chain is *held back* while it is needed, and goes once it is not:
   * - a job of another chain that may still run names it as a blocker: it is blocked, scheduled, ready, running or failed (a redrive reads its
   *   blockers again). Jobs that are completed, continued or cancelled hold nothing back; their edges to the chain are deleted with it, so that
   *   a chain which is kept names none that is not there, and an endless line of chains that each wait for the last is retired from its end;
   * - its deduplication key has a window that is not over. A key without one lasts as long as its chain, and goes with it.
   *
   * The edges of the deleted chain's own jobs count their blockers' `dependents` down, as in `deleteChains`. What is due may be
   * found first. Whether a chain is still closed as it was found, and whether it is needed, is decided under the lock of its root, which a start
   * that names it writes: either that start is seen, or it finds the chain missing (traps B7, C2). Never waits for a user's transaction: a chain of which it cannot lock everything stays for another call. A database with one
   * writer may wait for that writer, and writes nothing when nothing is to be deleted.
   *
   * It costs by what it deletes, by what it passes over among the chains that are old enough, and by `maxCount`, however long the history is. A
   * rule for a status in which few chains end must not walk those in which most do. An adapter ends a call early rather than hold others up, remembers
   * where it stood and goes on from there in the next one: `isMore` is then true until it has been through, and the call after that begins anew with the oldest.
   */
  retireChains(params: {
    readonly rules: RetentionRules;
    /** 1 or more. */
    readonly limit: number;
  }): Promise<RetireResult>;

  /** Completes or continues the open job of each chain without a worker. A running attempt loses its job (`completedElsewhere`). Throws nothing of its own. */
  completeChains(params: {
    readonly tx: TTransaction | undefined;
    readonly items: readonly ChainCompletion[];
  }): Promise<readonly CompletionResult[]>;

  /**
   * Cancels open chains: their open job becomes cancelled, a running attempt loses it. A chain that others wait for is refused
   * (`hasDependants`) unless `cascade`, which cancels those chains too, and theirs; their results follow those asked for.
   */
  cancel(params: {
    readonly tx: TTransaction | undefined;
    readonly chainIds: readonly string[];
    /** JSON text of the reason, kept where an error would be. */
    readonly reason: string | undefined;
    readonly cascade: boolean;
  }): Promise<readonly CancelResult[]>;

  /** Opens failed chains again: the failed job becomes ready, with its attempts counted from 0. */
  redrive(params: {
    readonly tx: TTransaction | undefined;
    readonly chainIds: readonly string[];
  }): Promise<readonly ActionResult<"redriven" | "notFound" | "notFailed">[]>;

  /** Makes the scheduled job of each chain ready at once. */
  trigger(params: {
    readonly tx: TTransaction | undefined;
    readonly chainIds: readonly string[];
  }): Promise<readonly ActionResult<"triggered" | "notFound" | "notTriggerable">[]>;

  /** Moves the open job of each chain (blocked, scheduled or ready) to another time. */
  reschedule(params: {
    readonly tx: TTransaction | undefined;
    readonly chainIds: readonly string[];
    readonly schedule: Schedule;
  }): Promise<readonly ActionResult<"rescheduled" | "notFound" | "notReschedulable">[]>;

  /**
   * Deletes chains with all that belongs to them. A chain that a job of another, not deleted chain names as its blocker is refused (`referenced`)
   * unless `cascade`, which deletes those chains too, and theirs; their results follow those asked for. A running attempt loses its job.
   */
  deleteChains(params: {
    readonly tx: TTransaction | undefined;
    readonly chainIds: readonly string[];
    readonly cascade: boolean;
  }): Promise<readonly DeleteResult[]>;

  /** Pauses or resumes job types: a paused type is not claimed, what runs goes on. */
  setTypesPaused(params: {
    readonly tx: TTransaction | undefined;
    readonly types: readonly string[];
    readonly isPaused: boolean;
  }): Promise<void>;
}

/** A chain that a job waits for, and the named place in which it stands. */
export interface BlockerReference {
  readonly slot: string;
  /** The place in a list slot; 0 in a single one. */
  readonly ordinal: number;
  readonly chainId: string;
}

/** A job to be inserted. */
export interface NewJob {
  readonly type: string;
  /** JSON text; `undefined` = no input. */
  readonly input: string | undefined;
  /** 0–9, lower first. */
  readonly priority: number;
  readonly schedule: Schedule | undefined;
  readonly blockers: readonly BlockerReference[];
  /** JSON text of a propagation carrier; opaque. */
  readonly traceContext: string | undefined;
}

/** A chain to be inserted: its first job and what belongs to the chain. */
export interface NewChain extends NewJob {
  readonly chainId: string;
  readonly deduplication: Deduplication | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** True when nobody will announce the start after its commit: the first claim then says so (`isUnannounced`, P6). */
  readonly isUnannounced: boolean;
}

/** What a start did, and where the first job of the chain stands. */
export interface StartResult {
  readonly chainId: string;
  readonly outcome: "created" | "kept" | "replaced" | "debounced" | "sameId";
  readonly jobStatus: JobStatus;
  /** That of the chain's first job: the one that was given when it was created, else the one that stands there, which no duplicate replaces. */
  readonly traceContext: string | undefined;
}

/** An attempt, as the fence knows it. */
export interface AttemptKey extends JobKey {
  readonly claimNo: number;
}

/** How an attempt ended, to be written. */
export type Outcome =
  | { readonly kind: "completed"; readonly output: string | undefined }
  /** `isSticky`: this worker takes the next job at once, if it is ready and the lease is live; it is counted as started. */
  | { readonly kind: "continued"; readonly next: NewJob; readonly isSticky: boolean }
  /** The attempt counts; the job runs again after `delayMs`. */
  | { readonly kind: "retried"; readonly delayMs: number; readonly error: string }
  /** The attempt does not count. */
  | { readonly kind: "rescheduled"; readonly schedule: Schedule }
  | { readonly kind: "failed"; readonly error: string }
  /** Given back: the attempt does not count, the job is ready at once. */
  | { readonly kind: "released" };

/** An attempt and how it ended. */
export interface Settlement extends AttemptKey {
  readonly outcome: Outcome;
  /** Takes the place of the settled job's, when the settlement takes effect; `undefined` leaves that as it is. */
  readonly traceContext?: string | undefined;
}

/** A job that another step made ready or scheduled: somebody may be woken for it. */
export interface WakenedJob extends JobKey {
  readonly type: string;
  readonly status: "ready" | "scheduled";
  /** From its creation to its release, by the database's clock. */
  readonly blockedMs: number;
}

/** What else changed when an attempt was settled or a chain closed. */
export interface SettleEffects {
  /** Set when the chain closed. */
  readonly chainStatus?: ChainStatus;
  /** Set when the chain closed: from its creation, by the database's clock. */
  readonly chainDurationMs?: number;
  /** The next job of the chain, or this one when it runs again, unless it was claimed at once. */
  readonly waiting?: { readonly type: string; readonly status: "blocked" | "scheduled" | "ready" };
  /** Jobs of other chains that the closing released. */
  readonly unblocked: readonly WakenedJob[];
}

/** What became of a settlement. Only `settled` and `already` mean that it took effect. */
export type Verdict =
  /** `next`: the sticky continuation, claimed and started. `effects` are news only with `settled`. */
  | { readonly kind: "settled"; readonly next?: ClaimedJob; readonly effects: SettleEffects }
  | { readonly kind: "already"; readonly next?: ClaimedJob }
  | { readonly kind: "lost"; readonly reason: LostReason }
  /** The continuation cannot be inserted; the attempt still runs, and the worker settles it otherwise. */
  | {
      readonly kind: "refused";
      readonly blockerChainId: string;
      readonly reason: "notFound" | "cancelled";
    }
  | { readonly kind: "deferred" };

/** What a worker would like to claim. */
export interface ClaimRequest {
  /** Types in the order of this worker's preference, each with the most that it may get (limits per type in the process). */
  readonly types: readonly { readonly type: string; readonly limit: number }[];
  /** Jobs that can begin at once. */
  readonly slots: number;
  /** Jobs beyond that, to be held. */
  readonly ahead: number;
}

/** What a worker has to say in one exchange. Any of the lists may be empty. */
export interface ExchangeParams {
  readonly workerId: string;
  /** Each attempt at most once. */
  readonly settlements: readonly Settlement[];
  /** Held jobs that have begun. Unknown or lost ones are ignored: renew reports them. */
  readonly started: readonly AttemptKey[];
  readonly claim: ClaimRequest | undefined;
}

/** What a worker hears: a verdict for each settlement, in order, and the jobs that it got. */
export interface ExchangeResult {
  readonly verdicts: readonly Verdict[];
  readonly claimed: readonly ClaimedJob[];
  /** Whether the worker's lease was live; false only when a claim or a sticky continuation asked. */
  readonly isLive: boolean;
  /**
   * When the next job is due, as {@link PromoteResult} has it, and 0 for any that is due: told when a live worker's claim got less than it had room for, so
   * that one that has nothing to do need not ask. Where it is not told, the worker asks by `promote`.
   */
  readonly schedule?: { readonly nextDueInMs: number | undefined } | undefined;
}

/** A blocker of a claimed job, completed. */
export interface ClaimedBlocker extends BlockerReference {
  readonly chainType: string;
  /** The type of the job that completed the chain: its schema reads the output. */
  readonly type: string;
  readonly output: string | undefined;
  /** That of the job that completed the chain. */
  readonly traceContext: string | undefined;
  /** When the chain completed, by the database's clock. */
  readonly closedAt: Date;
}

/** A job that now belongs to the caller. */
export interface ClaimedJob extends AttemptKey {
  readonly type: string;
  readonly chainType: string;
  readonly input: string | undefined;
  /** The number of this attempt, from 1; for a held job, the number it will have. */
  readonly attempt: number;
  readonly isStarted: boolean;
  readonly priority: number;
  readonly createdAt: Date;
  readonly scheduledAt: Date;
  readonly claimedAt: Date;
  /** Ready to claimed, by the database's clock. */
  readonly waitMs: number;
  readonly blockers: readonly ClaimedBlocker[];
  readonly traceContext: string | undefined;
  /** The start of the chain was never announced: its commit is proved by this claim (first claim of a root only). */
  readonly isUnannounced: boolean;
}

/** A worker that registers: who it is, and what operators are told of it. */
export interface NewWorker {
  /** A UUIDv7, as chain ids are. */
  readonly workerId: string;
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  readonly types: readonly string[];
  readonly concurrency: number;
  readonly leaseMs: number;
}

/** A sign of life of a worker, and what it believes to hold. */
export interface RenewParams {
  readonly workerId: string;
  readonly leaseMs: number;
  /** All that the worker holds, started or not. Complete: no exchange of this worker may be in flight. */
  readonly held: readonly AttemptKey[];
  readonly started: readonly AttemptKey[];
  readonly progress: readonly (AttemptKey & { readonly value: string })[];
}

/** Whether the lease goes on, and where the worker was wrong about what it holds. */
export interface RenewResult {
  readonly isLive: boolean;
  readonly lost: readonly (AttemptKey & { readonly reason: LostReason })[];
  /** How many jobs were given back because the worker does not know them. */
  readonly releasedCount: number;
}

/** The most attempts of a type, `Infinity` included. */
export interface AttemptLimit {
  readonly type: string;
  readonly attemptCountMax: number;
  /** The error that a job of this type is failed with: JSON text. */
  readonly error: string;
}

/** What was taken from workers that are gone. */
export interface ReapResult {
  readonly reaped: readonly (AttemptKey & {
    readonly type: string;
    readonly chainType: string;
    /** The number of the attempt that was lost; for a held job, the number that it would have had. */
    readonly attempt: number;
    readonly workerId: string;
    readonly outcome: "released" | "failed";
    /** With `failed`: how long the chain was open, by the database's clock. */
    readonly chainDurationMs?: number;
  })[];
  /** Workers whose rows are gone. */
  readonly workerIds: readonly string[];
  /** More may be waiting: call again. */
  readonly isMore: boolean;
}

/** What became ready, and when to look again. */
export interface PromoteResult {
  readonly promoted: readonly { readonly type: string; readonly count: number }[];
  /** Time until the next job is due, by the database's clock; `undefined` = none is scheduled. 0 = more are due now. */
  readonly nextDueInMs: number | undefined;
}

/** Which chains a retirement deleted. */
export interface RetireResult {
  /** In the order of their ids. */
  readonly retired: readonly {
    readonly chainId: string;
    readonly chainType: string;
    readonly status: ClosedChainStatus;
  }[];
  /** More may be due: call again. False at the end of the walk: what was due as it began is deleted, held back, or locked by others. */
  readonly isMore: boolean;
}

/** A chain whose open job is to be ended without a worker. */
export interface ChainCompletion {
  readonly chainId: string;
  /** The job type that the caller believes to be open. */
  readonly type: string;
  readonly outcome: Extract<Outcome, { kind: "completed" | "continued" }>;
  /** Takes the place of the ended job's; `undefined` leaves that as it is. */
  readonly traceContext?: string | undefined;
}

/** What an ending without a worker came to. Only `completed` and `continued` have changed something. */
export type CompletionResult =
  | {
      readonly outcome: "completed" | "continued";
      readonly chainIndex: number;
      readonly chainType: string;
      /** The worker that ran the job and lost it. */
      readonly workerId: string | undefined;
      readonly effects: SettleEffects;
    }
  | { readonly outcome: "notFound" }
  | { readonly outcome: "notOpen"; readonly chainStatus: ChainStatus }
  | { readonly outcome: "otherType"; readonly type: string }
  | { readonly outcome: "blocked" }
  | {
      readonly outcome: "refused";
      readonly blockerChainId: string;
      readonly reason: "notFound" | "cancelled";
    };

/** What an action came to for one chain. */
export interface ActionResult<TOutcome extends string> {
  readonly chainId: string;
  readonly outcome: TOutcome;
  /** The job acted upon, where there is one. */
  readonly job?: JobKey & { readonly type: string; readonly status: JobStatus };
}

/** What a cancellation came to for one chain. Only `cancelled` has changed something. */
export type CancelResult =
  | {
      readonly chainId: string;
      readonly outcome: "cancelled";
      readonly chainType: string;
      /** From its creation, by the database's clock. */
      readonly chainDurationMs: number;
      readonly job: JobKey & { readonly type: string };
      readonly workerId: string | undefined;
    }
  | { readonly chainId: string; readonly outcome: "notFound" | "alreadyClosed" }
  | {
      readonly chainId: string;
      readonly outcome: "hasDependants";
      readonly dependants: readonly string[];
    };

/** What a deletion came to for one chain. Only `deleted` has changed something. */
export type DeleteResult =
  | {
      readonly chainId: string;
      readonly outcome: "deleted";
      readonly chainType: string;
      readonly workerId: string | undefined;
    }
  | { readonly chainId: string; readonly outcome: "notFound" }
  | {
      readonly chainId: string;
      readonly outcome: "referenced";
      readonly references: readonly string[];
    };

/** What a migration did. */
export interface MigrationReport {
  /** Versions applied by this call, in order; empty when the schema was up to date. */
  readonly applied: readonly string[];
  /** The version that the schema has now. */
  readonly version: string;
}
