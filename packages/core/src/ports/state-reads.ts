import type { JobKey } from "../model/ids.ts";
import type { ChainStatus, JobStatus } from "../model/status.ts";

/**
 * What can be read from a state adapter. Lists are keyset pages in the order of the key (chain id = time, then index), carry no payload, and
 * cost the same on every page. Each read is one short snapshot; reads see only committed rows, or those of `tx`.
 */
export interface StateReads<in TTransaction = unknown> {
  /** Chains by id, in the order asked, `undefined` for those that are not there. With the last job's output or error when it is closed. */
  getChains(params: {
    readonly tx: TTransaction | undefined;
    readonly chainIds: readonly string[];
  }): Promise<readonly (ChainRecord | undefined)[]>;

  /** Jobs by key, in the order asked, with payloads; `undefined` for those that are not there. */
  getJobs(params: {
    readonly tx: TTransaction | undefined;
    readonly keys: readonly JobKey[];
  }): Promise<readonly (JobRecord | undefined)[]>;

  /** A page of chains. `after` is the last chain of the page before. */
  listChains(params: {
    readonly filter: ChainFilter;
    readonly order: "newest" | "oldest";
    readonly after: string | undefined;
    readonly limit: number;
  }): Promise<readonly ChainRecord[]>;

  /** How many chains fit the filter, counted no further than `cap`. */
  countChains(params: { readonly filter: ChainFilter; readonly cap: number }): Promise<number>;

  /** A page of jobs, without payloads. */
  listJobs(params: {
    readonly filter: JobFilter;
    readonly order: "newest" | "oldest";
    readonly after: JobKey | undefined;
    readonly limit: number;
  }): Promise<readonly JobRecord[]>;

  /** The attempts of a job that did not succeed, oldest first: at most the first and the newest 24. */
  listAttempts(params: { readonly key: JobKey }): Promise<readonly AttemptRecord[]>;

  /**
   * The chains around a chain: what its jobs wait for, and who waits for it, up to `depth` edges away and `limit` chains. Nearest
   * first; at one distance what is waited for stands before who waits, so that many dependants never hide a chain's own blockers.
   */
  chainGraph(params: {
    readonly chainId: string;
    readonly depth: number;
    readonly limit: number;
  }): Promise<ChainGraph>;

  /** Known workers, live or expired, oldest first. */
  listWorkers(params: { readonly limit: number }): Promise<readonly WorkerRecord[]>;

  /** The types that have been paused or resumed, and whether they are paused. */
  listTypes(): Promise<readonly { readonly type: string; readonly isPaused: boolean }[]>;

  /** Jobs that are not final, and failed ones, by type and status; each count stops at `cap`. */
  stats(params: { readonly cap: number }): Promise<readonly TypeStats[]>;
}

/** Which chains to list. All that is given must fit; a list that is given and empty fits nothing. */
export interface ChainFilter {
  readonly types?: readonly string[] | undefined;
  readonly statuses?: readonly ChainStatus[] | undefined;
  readonly label?: { readonly key: string; readonly value: string } | undefined;
  /** Chains whose id was made at or after this instant (ids are time-ordered). */
  readonly createdAfter?: Date | undefined;
  /** Chains whose id was made before this instant. */
  readonly createdBefore?: Date | undefined;
}

/** Which jobs to list. All that is given must fit; a list that is given and empty fits nothing. */
export interface JobFilter {
  readonly chainId?: string | undefined;
  readonly types?: readonly string[] | undefined;
  readonly statuses?: readonly JobStatus[] | undefined;
  readonly workerId?: string | undefined;
}

/** A chain as it is stored. */
export interface ChainRecord {
  readonly chainId: string;
  readonly type: string;
  readonly status: ChainStatus;
  readonly createdAt: Date;
  readonly closedAt: Date | undefined;
  /** The last job of the chain. */
  readonly last: { readonly chainIndex: number; readonly type: string; readonly status: JobStatus };
  readonly labels: Readonly<Record<string, string>>;
  /** JSON text of a completed chain's output; in `getChains` only. */
  readonly output: string | undefined;
  /** JSON text of the last job's error, or of the reason it was cancelled for; in `getChains` only. */
  readonly error: string | undefined;
}

/** A job as it is stored. */
export interface JobRecord extends JobKey {
  readonly type: string;
  readonly chainType: string;
  readonly status: JobStatus;
  readonly priority: number;
  readonly attempt: number;
  readonly claimNo: number;
  readonly createdAt: Date;
  readonly scheduledAt: Date;
  readonly readyAt: Date | undefined;
  readonly claimedAt: Date | undefined;
  readonly completedAt: Date | undefined;
  readonly workerId: string | undefined;
  /** The worker that settled it last; `undefined` when that was done without a worker. */
  readonly completedBy: string | undefined;
  readonly openBlockers: number;
  /** How many jobs wait or waited for this chain; on the root only, else 0. */
  readonly dependents: number;
  /** JSON text; in `getJobs` only, like `output`, `error` and `progress`. */
  readonly input: string | undefined;
  readonly output: string | undefined;
  readonly error: string | undefined;
  readonly progress: string | undefined;
  readonly traceContext: string | undefined;
}

/** An attempt that did not succeed. */
export interface AttemptRecord extends JobKey {
  readonly attempt: number;
  readonly claimNo: number;
  readonly workerId: string;
  readonly outcome: "retried" | "failed" | "lost";
  readonly startedAt: Date;
  readonly endedAt: Date;
  /** JSON text; `undefined` for a lost attempt, which left no word. */
  readonly error: string | undefined;
}

/** The chains around a chain, and which job waits for which chain. */
export interface ChainGraph {
  readonly chains: readonly ChainRecord[];
  /** `job` waits for `blockedBy`. */
  readonly edges: readonly {
    readonly job: JobKey;
    readonly slot: string;
    readonly ordinal: number;
    readonly blockedBy: string;
  }[];
  /** Some chains were left out because of `depth` or `limit`. */
  readonly isTruncated: boolean;
}

/** A worker that has registered and not left. */
export interface WorkerRecord {
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
  readonly runningCount: number;
}

/** How many jobs of a type stand where. */
export interface TypeStats {
  readonly type: string;
  readonly isPaused: boolean;
  readonly counts: Readonly<
    Record<"blocked" | "scheduled" | "ready" | "running" | "failed", number>
  >;
  /** How long the oldest ready job has been ready, by the database's clock. */
  readonly oldestReadyMs: number | undefined;
}
