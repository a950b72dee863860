import type { AttemptRecord, ChainRecord, JobRecord, WorkerRecord } from "../ports/state-reads.ts";
import type { JobKey } from "../model/ids.ts";
import type { AttemptRow, ChainRow, JobRow, WorkerRow } from "./rows.ts";
import { jobAt, type Tables } from "./tables.ts";

// Rows as readers get them. Every Date is made for its reader, who may change it.

export function chainRecord(tables: Tables, chain: ChainRow, hasPayload: boolean): ChainRecord {
  const last = jobAt(tables, { chainId: chain.chainId, chainIndex: chain.lastIndex })!;
  const isFailure = chain.status === "failed" || chain.status === "cancelled";
  return {
    chainId: chain.chainId,
    type: chain.type,
    status: chain.status,
    createdAt: new Date(chain.createdAtMs),
    closedAt: dateOf(chain.closedAtMs),
    last: { chainIndex: last.chainIndex, type: last.type, status: last.status },
    labels: { ...chain.labels },
    output: hasPayload && chain.status === "completed" ? last.output : undefined,
    error: hasPayload && isFailure ? last.error : undefined,
  };
}

export function jobRecord(tables: Tables, row: JobRow, hasPayload: boolean): JobRecord {
  return {
    chainId: row.chainId,
    chainIndex: row.chainIndex,
    type: row.type,
    chainType: row.chainType,
    status: row.status,
    priority: row.priority,
    attempt: row.attempt,
    claimNo: row.claimNo,
    createdAt: new Date(row.createdAtMs),
    scheduledAt: new Date(row.scheduledAtMs),
    readyAt: dateOf(row.readyAtMs),
    claimedAt: dateOf(row.claimedAtMs),
    completedAt: dateOf(row.completedAtMs),
    workerId: row.workerId,
    completedBy: row.completedBy,
    openBlockers: row.openBlockers,
    dependents: row.chainIndex === 0 ? tables.chains.get(row.chainId)!.dependents : 0,
    input: hasPayload ? row.input : undefined,
    output: hasPayload ? row.output : undefined,
    error: hasPayload ? row.error : undefined,
    progress: hasPayload ? row.progress : undefined,
    traceContext: row.traceContext,
  };
}

export function attemptRecord(key: JobKey, row: AttemptRow): AttemptRecord {
  const { startedAtMs, endedAtMs, ...fields } = row;
  return {
    chainId: key.chainId,
    chainIndex: key.chainIndex,
    ...fields,
    startedAt: new Date(startedAtMs),
    endedAt: new Date(endedAtMs),
  };
}

export function workerRecord(tables: Tables, row: WorkerRow, nowMs: number): WorkerRecord {
  const { startedAtMs, leaseUntilMs, types, ...fields } = row;
  return {
    ...fields,
    types: [...types],
    startedAt: new Date(startedAtMs),
    leaseUntil: new Date(leaseUntilMs),
    isLive: leaseUntilMs > nowMs,
    runningCount: tables.jobIndex.running(row.workerId)?.size ?? 0,
  };
}

function dateOf(ms: number | undefined): Date | undefined {
  return ms === undefined ? undefined : new Date(ms);
}
