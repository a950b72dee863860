import type { StoredError } from "../../model/error-codec.ts";
import type { Explanation } from "../../model/explanation.ts";
import type { ChainStatus, JobStatus } from "../../model/status.ts";

/** Where a payload stands. */
export type PayloadPlace = "input" | "output" | "error" | "progress";

/**
 * Changes a payload before it leaves `inspect`: gives back what may be seen, or `undefined` for nothing. `value` is the stored JSON
 * value; for `error` it is `{ name, message, stack?, code?, cause? }`, and what is given back is read as such. What it throws is thrown
 * to the caller of `inspect`, who then sees nothing.
 */
export type Redact = (
  value: unknown,
  of: { readonly type: string; readonly where: PayloadPlace; readonly jobId: string },
) => unknown;

/** The part of the client's `operations` options that is about reads. */
export interface InspectOptions {
  /** Applied to every payload before it leaves `inspect`. Default: payloads are shown as they are. */
  redact?: Redact;
}

/** Which chains are meant; what is left out does not narrow. */
export interface ChainSelection {
  /** The job types that the chain started with. */
  types?: readonly string[];
  statuses?: readonly ChainStatus[];
  /** Chains that carry this label. */
  label?: { readonly key: string; readonly value: string };
  /** At or after this instant. */
  createdAfter?: Date;
  /** Before this instant. */
  createdBefore?: Date;
}

/** Which jobs are meant; what is left out does not narrow. */
export interface JobSelection {
  chainId?: string;
  types?: readonly string[];
  statuses?: readonly JobStatus[];
  /** Jobs that this worker holds. */
  workerId?: string;
}

/** Which page of a list. */
export interface PageOptions {
  /** By creation. A list's default stands at the list. */
  order?: "newest" | "oldest";
  /** The `nextCursor` of the page before, of the same list and order. Default: the first page. */
  cursor?: string;
  /** 1 to 200. Default 50. */
  limit?: number;
}

/** A chain in a list. Instants that have not come are `null`. */
export interface ChainSummary {
  readonly chainId: string;
  /** The job type that the chain started with. */
  readonly type: string;
  readonly status: ChainStatus;
  readonly createdAt: Date;
  readonly closedAt: Date | null;
  readonly labels: Readonly<Record<string, string>>;
  /** The last job of the chain: the open one, or the one that closed it. */
  readonly last: {
    readonly jobId: string;
    readonly chainIndex: number;
    readonly type: string;
    readonly status: JobStatus;
  };
}

/** A page of chains. */
export interface ChainPage {
  readonly chains: readonly ChainSummary[];
  /** Absent on the last page. */
  readonly nextCursor?: string;
}

/** A job in a list. Instants that have not come, and workers that there are none of, are `null`. */
export interface JobSummary {
  readonly jobId: string;
  readonly chainId: string;
  /** 0 for the first job of the chain. */
  readonly chainIndex: number;
  readonly type: string;
  /** The job type that the chain started with. */
  readonly chainType: string;
  readonly status: JobStatus;
  /** 0–9, lower first. */
  readonly priority: number;
  /** Attempts begun so far. */
  readonly attempt: number;
  readonly createdAt: Date;
  readonly scheduledAt: Date;
  readonly readyAt: Date | null;
  readonly claimedAt: Date | null;
  readonly completedAt: Date | null;
  /** The worker that holds it. */
  readonly workerId: string | null;
  /** The worker that settled it last. */
  readonly completedBy: string | null;
  /** How many chains it still waits for. */
  readonly openBlockerCount: number;
  /** How many jobs wait or waited for its chain; on the first job only, else 0. */
  readonly dependentCount: number;
}

/** A page of jobs. */
export interface JobPage {
  readonly jobs: readonly JobSummary[];
  /** Absent on the last page. */
  readonly nextCursor?: string;
}

/**
 * A job with its payloads: JSON values as they are stored, redacted, `undefined` where there is none. Stored text that is no JSON is given
 * as it is.
 */
export interface JobDetails extends JobSummary {
  readonly input: unknown;
  readonly output: unknown;
  readonly progress: unknown;
  /** The error of the last attempt that threw. */
  readonly error: StoredError | null;
  /** Why it was cancelled, where that was said. */
  readonly cancelReason: string | null;
}

/** An edge between two chains, seen from one of them. */
export interface ChainLink {
  /** The job that waits. */
  readonly jobId: string;
  readonly slot: string;
  readonly ordinal: number;
  /** The chain at the other end. */
  readonly chainId: string;
  /** `null` when the chain was left out of the read. */
  readonly chain: ChainSummary | null;
}

/** A chain with what belongs to it. */
export interface ChainDetails extends ChainSummary {
  /** The output of a completed chain: the stored JSON value, redacted. */
  readonly output: unknown;
  /** The error of a failed chain. */
  readonly error: StoredError | null;
  /** Why it was cancelled, where that was said. */
  readonly cancelReason: string | null;
  /** Its first jobs, oldest first; `listJobs({ chainId, order: "oldest", cursor })` goes on. */
  readonly jobs: JobPage;
  /** The chains that its jobs wait or waited for. */
  readonly blockers: readonly ChainLink[];
  /** The chains whose jobs wait or waited for it. */
  readonly dependants: readonly ChainLink[];
  /** More than 200 chains stand around it: some links are left out. */
  readonly isTruncated: boolean;
}

/** An attempt that did not succeed. */
export interface AttemptSummary {
  readonly jobId: string;
  /** From 1. */
  readonly attempt: number;
  readonly workerId: string;
  readonly outcome: "retried" | "failed" | "lost";
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly error: StoredError | null;
}

/** The chains around a chain. */
export interface ChainNetwork {
  /** The nearest first. */
  readonly chains: readonly ChainSummary[];
  /** `jobId`, of chain `chainId`, waits or waited for `blockedBy`. */
  readonly edges: readonly {
    readonly jobId: string;
    readonly chainId: string;
    readonly slot: string;
    readonly ordinal: number;
    readonly blockedBy: string;
  }[];
  /** Some chains were left out because of `depth` or `limit`. */
  readonly isTruncated: boolean;
}

/** A worker that is known to the database. */
export interface WorkerSummary {
  readonly workerId: string;
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  readonly types: readonly string[];
  readonly concurrency: number;
  readonly startedAt: Date;
  readonly leaseUntil: Date;
  /** Whether the lease is live, by the database's clock. */
  readonly isLive: boolean;
  /** Jobs that it holds. */
  readonly runningCount: number;
}

/** How many jobs stand where. Each number stops at 10,000, which then means "at least". */
export type JobCounts = Readonly<
  Record<"blocked" | "scheduled" | "ready" | "running" | "failed", number>
>;

/** A job type: as it is defined, and as it stands. */
export interface TypeSummary {
  readonly type: string;
  /** What this client's definitions say; `null` for a type that it does not define, or defines by types alone. */
  readonly definition: {
    readonly isEntry: boolean;
    readonly continueWith: readonly string[];
    readonly blockers: readonly {
      readonly slot: string;
      readonly type: string;
      readonly isList: boolean;
    }[];
  } | null;
  readonly isPaused: boolean;
  readonly counts: JobCounts;
  /** How long the oldest ready job has been ready, in ms by the database's clock. */
  readonly oldestReadyMs: number | null;
  /** The live workers that handle it. */
  readonly workers: readonly { readonly workerId: string; readonly name: string }[];
}

/** The installation at a glance. */
export interface StatsSummary {
  /** Over all types; "at least" as soon as one type's number has reached 10,000. */
  readonly counts: JobCounts;
  readonly isCapped: boolean;
  readonly oldestReadyMs: number | null;
  readonly liveWorkerCount: number;
  readonly expiredWorkerCount: number;
  /** Types that are paused. */
  readonly pausedTypes: readonly string[];
  /** Types with ready or scheduled jobs that no live worker handles. */
  readonly typesWithoutWorker: readonly string[];
}

/**
 * Reads for people and tools: lists, counts, graphs, attempts. Every read is one or a few short snapshots of what has committed, with
 * bounded pages. Lists carry no payloads; single reads do, redacted.
 *
 * Every call may throw `StoreUnavailableError`, and `OptionInvalidError` for an option out of its range or an id that is none.
 */
export interface Inspect {
  /**
   * A page of chains, newest first unless `order`.
   *
   * @throws CursorInvalidError for a cursor of another list or order, or one that was changed.
   */
  listChains(options?: ChainSelection & PageOptions): Promise<ChainPage>;

  /** How many chains are meant, counted no further than 10,000 (`isCapped`: there are more). */
  countChains(
    options?: ChainSelection,
  ): Promise<{ readonly count: number; readonly isCapped: boolean }>;

  /** A chain with its first jobs, its blockers and its dependants; `undefined` when there is none. */
  getChain(options: { chainId: string }): Promise<ChainDetails | undefined>;

  /**
   * A page of jobs, newest first unless `order`.
   *
   * @throws CursorInvalidError for a cursor of another list or order, or one that was changed.
   */
  listJobs(options?: JobSelection & PageOptions): Promise<JobPage>;

  /** A job with its payloads; `undefined` when there is none. */
  getJob(options: { jobId: string }): Promise<JobDetails | undefined>;

  /**
   * The attempts of a job that did not succeed, oldest first: the first and the newest 24.
   *
   * @throws JobNotFoundError when there is no such job.
   */
  listAttempts(options: { jobId: string }): Promise<readonly AttemptSummary[]>;

  /**
   * The chains around a chain: what its jobs wait for, and who waits for it.
   *
   * @throws ChainNotFoundError when there is no such chain.
   */
  graph(options: {
    chainId: string;
    /** Edges away, 1 to 10. Default 3. */
    depth?: number;
    /** Chains, 1 to 200. Default 200. */
    limit?: number;
  }): Promise<ChainNetwork>;

  /** Known workers, live or expired, oldest first, at most 1,000. */
  listWorkers(): Promise<readonly WorkerSummary[]>;

  /** Every type that is defined here, or that the database knows jobs, workers or a pause of; by name. */
  listTypes(): Promise<readonly TypeSummary[]>;

  /** The installation at a glance. */
  stats(): Promise<StatsSummary>;

  /**
   * Says why a job, or the last job of a chain, is not running.
   *
   * @throws JobNotFoundError or ChainNotFoundError when there is none.
   */
  explain(
    options: { jobId: string; chainId?: never } | { chainId: string; jobId?: never },
  ): Promise<Explanation>;
}
