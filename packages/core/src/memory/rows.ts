import type { JobKey } from "../model/ids.ts";
import type { ChainStatus, JobStatus } from "../model/status.ts";
import type { BlockerReference } from "../ports/state-adapter.ts";

// Rows are never changed in place: a write puts another row under the key. So a reader may keep what it has read, and an undo puts back
// what it finds. Times are ms of the store's clock.

export interface ChainRow {
  readonly chainId: string;
  readonly type: string;
  readonly status: ChainStatus;
  readonly createdAtMs: number;
  readonly closedAtMs: number | undefined;
  /** The place of its last job. */
  readonly lastIndex: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Edges of jobs that name this chain as a blocker, satisfied ones included. */
  readonly dependents: number;
  /** The row of its deduplication key, which another chain may have taken over. */
  readonly deduplicationId: string | undefined;
}

export interface JobRow extends JobKey {
  readonly type: string;
  readonly chainType: string;
  readonly status: JobStatus;
  readonly priority: number;
  /** Attempts that count. */
  readonly attempt: number;
  readonly claimNo: number;
  /** Whether the claim at hand is counted in `attempt`. */
  readonly isStarted: boolean;
  /** A worker died while it held the job. The next claim counts in any place, so that a poison job uses up its attempts (P5). */
  readonly isSuspect: boolean;
  readonly isUnannounced: boolean;
  readonly createdAtMs: number;
  readonly scheduledAtMs: number;
  readonly readyAtMs: number | undefined;
  readonly claimedAtMs: number | undefined;
  readonly completedAtMs: number | undefined;
  readonly workerId: string | undefined;
  readonly completedBy: string | undefined;
  readonly openBlockers: number;
  readonly input: string | undefined;
  readonly output: string | undefined;
  readonly error: string | undefined;
  readonly progress: string | undefined;
  readonly traceContext: string | undefined;
}

/** What a job waits for; only jobs that have blockers have one. */
export interface BlockersRow extends JobKey {
  readonly blockers: readonly BlockerReference[];
}

export interface DeduplicationRow {
  readonly deduplicationId: string;
  readonly chainId: string;
  /** As `keyKeptUntilMs`: what happens to the row once its chain is closed. */
  readonly keptUntilMs: number | undefined;
  /** Set when the chain has closed and the row will be dropped. */
  readonly expiresAtMs: number | undefined;
}

export interface AttemptRow {
  readonly attempt: number;
  readonly claimNo: number;
  readonly workerId: string;
  readonly outcome: "retried" | "failed" | "lost";
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly error: string | undefined;
}

export interface WorkerRow {
  readonly workerId: string;
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  readonly types: readonly string[];
  readonly concurrency: number;
  readonly startedAtMs: number;
  readonly leaseUntilMs: number;
}

export interface TypeRow {
  readonly type: string;
  readonly isPaused: boolean;
}

/** The rows of each table. The key is the chain id, the job id, the deduplication id, the worker id or the type. */
export interface Rows {
  readonly chains: ChainRow;
  readonly jobs: JobRow;
  readonly blockers: BlockersRow;
  readonly attempts: readonly AttemptRow[];
  readonly deduplications: DeduplicationRow;
  readonly workers: WorkerRow;
  readonly types: TypeRow;
}

/** The key of the row of a deduplication key. The length keeps two pairs from reading alike. */
export function formatDeduplicationId(type: string, key: string): string {
  return `${type.length}:${type}:${key}`;
}

/** The last instant that a Date can hold. */
const instantMsMax = 8_640_000_000_000_000;

/** An instant as rows keep it: whole ms, no earlier than asked for, and readable as a Date. */
export function toInstantMs(ms: number): number {
  return Math.min(Math.ceil(ms), instantMsMax);
}

export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

export function compareKeys(left: JobKey, right: JobKey): number {
  return compareText(left.chainId, right.chainId) || left.chainIndex - right.chainIndex;
}

/** The order in which ready jobs of a type are claimed. */
export function compareReady(left: JobRow, right: JobRow): number {
  return (
    left.priority - right.priority || left.readyAtMs! - right.readyAtMs! || compareKeys(left, right)
  );
}

/** The order in which scheduled jobs are due. */
export function compareScheduled(left: JobRow, right: JobRow): number {
  return left.scheduledAtMs - right.scheduledAtMs || compareKeys(left, right);
}

export function compareExpiring(left: DeduplicationRow, right: DeduplicationRow): number {
  return (
    left.expiresAtMs! - right.expiresAtMs! ||
    compareText(left.deduplicationId, right.deduplicationId)
  );
}
