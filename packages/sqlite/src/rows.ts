import type {
  AttemptRecord,
  ClaimedBlocker,
  ClaimedJob,
  JobKey,
  JobRecord,
  JobStatus,
  WorkerRecord,
} from "queuert/adapter";

/** A value that may be absent, as SQLite has it. */
export type Nullable<TValue> = TValue | null;

/** What stands in a row as `null` and in the port as `undefined`. */
export function encodeOptional<TValue>(value: TValue | undefined): Nullable<TValue> {
  return value ?? null;
}

export function decodeOptional<TValue>(value: Nullable<TValue>): TValue | undefined {
  return value ?? undefined;
}

export function decodeOptionalDate(ms: Nullable<number>): Date | undefined {
  return ms === null ? undefined : new Date(ms);
}

/** The last instant that a Date can hold. */
const instantMsMax = 8_640_000_000_000_000;

/** An instant as a column takes it: whole ms, no earlier than asked for, and readable as a Date again. */
export function encodeInstant(ms: number): number {
  return Math.min(Math.ceil(ms), instantMsMax);
}

/** The columns of {@link JobRow}, without payloads. */
export const jobColumns: string = [
  "chain_id AS chainId",
  "chain_index AS chainIndex",
  "type",
  "chain_type AS chainType",
  "status",
  "priority",
  "attempt",
  "claim_no AS claimNo",
  "created_at AS createdAt",
  "scheduled_at AS scheduledAt",
  "ready_at AS readyAt",
  "claimed_at AS claimedAt",
  "completed_at AS completedAt",
  "worker_id AS workerId",
  "completed_by AS completedBy",
  "open_blockers AS openBlockers",
  "dependents",
  "trace_context AS traceContext",
].join(", ");

export const payloadColumns = "input, output, error, progress";

export interface JobRow extends JobKey {
  readonly type: string;
  readonly chainType: string;
  readonly status: JobStatus;
  readonly priority: number;
  readonly attempt: number;
  readonly claimNo: number;
  readonly createdAt: number;
  readonly scheduledAt: number;
  readonly readyAt: Nullable<number>;
  readonly claimedAt: Nullable<number>;
  readonly completedAt: Nullable<number>;
  readonly workerId: Nullable<string>;
  readonly completedBy: Nullable<string>;
  readonly openBlockers: number;
  readonly dependents: number;
  readonly traceContext: Nullable<string>;
}

export interface PayloadRow {
  readonly input: Nullable<string>;
  readonly output: Nullable<string>;
  readonly error: Nullable<string>;
  readonly progress: Nullable<string>;
}

export function decodeJob(row: JobRow & Partial<PayloadRow>): JobRecord {
  return {
    chainId: row.chainId,
    chainIndex: row.chainIndex,
    type: row.type,
    chainType: row.chainType,
    status: row.status,
    priority: row.priority,
    attempt: row.attempt,
    claimNo: row.claimNo,
    createdAt: new Date(row.createdAt),
    scheduledAt: new Date(row.scheduledAt),
    readyAt: decodeOptionalDate(row.readyAt),
    claimedAt: decodeOptionalDate(row.claimedAt),
    completedAt: decodeOptionalDate(row.completedAt),
    workerId: decodeOptional(row.workerId),
    completedBy: decodeOptional(row.completedBy),
    openBlockers: row.openBlockers,
    dependents: row.dependents,
    input: row.input ?? undefined,
    output: row.output ?? undefined,
    error: row.error ?? undefined,
    progress: row.progress ?? undefined,
    traceContext: decodeOptional(row.traceContext),
  };
}

/** The columns of {@link ClaimableRow}. */
export const claimableColumns: string = [
  "chain_id AS chainId",
  "chain_index AS chainIndex",
  "type",
  "chain_type AS chainType",
  "hold",
  "priority",
  "attempt",
  "claim_no AS claimNo",
  "created_at AS createdAt",
  "scheduled_at AS scheduledAt",
  "ready_at AS readyAt",
  "blocker_count AS blockerCount",
  "is_unannounced AS isUnannounced",
  "trace_context AS traceContext",
  "input",
].join(", ");

export interface ClaimableRow extends JobKey {
  readonly type: string;
  readonly chainType: string;
  readonly hold: Nullable<"held" | "suspect">;
  readonly priority: number;
  readonly attempt: number;
  readonly claimNo: number;
  readonly createdAt: number;
  readonly scheduledAt: number;
  readonly readyAt: number;
  readonly blockerCount: number;
  readonly isUnannounced: number;
  readonly traceContext: Nullable<string>;
  readonly input: Nullable<string>;
}

/** What a claim adds to the row that it took. */
export interface Claim {
  readonly claimNo: number;
  readonly attempt: number;
  readonly isStarted: boolean;
  readonly claimedAtMs: number;
  readonly blockers: readonly ClaimedBlocker[];
}

export function decodeClaimedJob(row: ClaimableRow, claim: Claim): ClaimedJob {
  return {
    chainId: row.chainId,
    chainIndex: row.chainIndex,
    claimNo: claim.claimNo,
    type: row.type,
    chainType: row.chainType,
    input: decodeOptional(row.input),
    attempt: claim.attempt,
    isStarted: claim.isStarted,
    priority: row.priority,
    createdAt: new Date(row.createdAt),
    scheduledAt: new Date(row.scheduledAt),
    claimedAt: new Date(claim.claimedAtMs),
    waitMs: Math.max(0, claim.claimedAtMs - row.readyAt),
    blockers: claim.blockers,
    traceContext: decodeOptional(row.traceContext),
    // Later claims of a root prove nothing new.
    isUnannounced: row.isUnannounced === 1 && claim.claimNo === 1,
  };
}

export interface AttemptFailureRow extends JobKey {
  readonly attempt: number;
  readonly claimNo: number;
  readonly workerId: string;
  readonly outcome: AttemptRecord["outcome"];
  readonly startedAt: number;
  readonly endedAt: number;
  readonly error: Nullable<string>;
}

export function decodeAttempt(row: AttemptFailureRow): AttemptRecord {
  return {
    ...row,
    startedAt: new Date(row.startedAt),
    endedAt: new Date(row.endedAt),
    error: decodeOptional(row.error),
  };
}

export interface WorkerRow {
  readonly workerId: string;
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  readonly types: string;
  readonly concurrency: number;
  readonly startedAt: number;
  readonly leaseUntil: number;
  readonly runningCount: number;
}

export function decodeWorker(row: WorkerRow, nowMs: number): WorkerRecord {
  return {
    ...row,
    types: JSON.parse(row.types) as readonly string[],
    startedAt: new Date(row.startedAt),
    leaseUntil: new Date(row.leaseUntil),
    isLive: row.leaseUntil > nowMs,
  };
}
