import type { AttemptRecord, ChainRecord, JobRecord, WorkerRecord } from "queuert/adapter";

// Rows as the functions of functions/read-records.ts write them: arrays, in the order of the names here.

export type ChainRow = readonly [
  chainId: string,
  type: string,
  status: ChainRecord["status"],
  createdAt: number,
  closedAt: number | null,
  lastIndex: number,
  lastType: string,
  lastStatus: JobRecord["status"],
  labels: Readonly<Record<string, string>> | null,
  output: string | null,
  error: string | null,
];

export function decodeChain(row: ChainRow): ChainRecord {
  const [chainId, type, status, createdAt, closedAt, ...rest] = row;
  const [lastIndex, lastType, lastStatus, labels, output, error] = rest;
  return {
    chainId,
    type,
    status,
    createdAt: new Date(createdAt),
    closedAt: decodeOptionalDate(closedAt),
    last: { chainIndex: lastIndex, type: lastType, status: lastStatus },
    labels: labels ?? {},
    output: output ?? undefined,
    error: error ?? undefined,
  };
}

export type JobRow = readonly [
  chainId: string,
  chainIndex: number,
  type: string,
  chainType: string,
  status: JobRecord["status"],
  priority: number,
  attempt: number,
  claimNo: number,
  createdAt: number,
  scheduledAt: number,
  readyAt: number | null,
  claimedAt: number | null,
  completedAt: number | null,
  workerId: string | null,
  completedBy: string | null,
  openBlockers: number,
  dependents: number,
  traceContext: string | null,
  input: string | null,
  output: string | null,
  error: string | null,
  progress: string | null,
];

export function decodeJob(row: JobRow): JobRecord {
  const [chainId, chainIndex, type, chainType, status, priority, attempt, claimNo, ...rest] = row;
  const [createdAt, scheduledAt, readyAt, claimedAt, completedAt, workerId, ...others] = rest;
  const [completedBy, openBlockers, dependents, traceContext, ...payloads] = others;
  const [input, output, error, progress] = payloads;
  return {
    chainId,
    chainIndex,
    type,
    chainType,
    status,
    priority,
    attempt,
    claimNo,
    createdAt: new Date(createdAt),
    scheduledAt: new Date(scheduledAt),
    readyAt: decodeOptionalDate(readyAt),
    claimedAt: decodeOptionalDate(claimedAt),
    completedAt: decodeOptionalDate(completedAt),
    workerId: workerId ?? undefined,
    completedBy: completedBy ?? undefined,
    openBlockers,
    dependents,
    input: input ?? undefined,
    output: output ?? undefined,
    error: error ?? undefined,
    progress: progress ?? undefined,
    traceContext: traceContext ?? undefined,
  };
}

export type AttemptRow = readonly [
  chainId: string,
  chainIndex: number,
  attempt: number,
  claimNo: number,
  workerId: string,
  outcome: AttemptRecord["outcome"],
  startedAt: number,
  endedAt: number,
  error: string | null,
];

export function decodeAttempt(row: AttemptRow): AttemptRecord {
  const [chainId, chainIndex, attempt, claimNo, workerId, outcome, ...rest] = row;
  const [startedAt, endedAt, error] = rest;
  return {
    chainId,
    chainIndex,
    attempt,
    claimNo,
    workerId,
    outcome,
    startedAt: new Date(startedAt),
    endedAt: new Date(endedAt),
    error: error ?? undefined,
  };
}

export type WorkerRow = readonly [
  workerId: string,
  name: string,
  host: string,
  pid: number,
  types: string,
  concurrency: number,
  startedAt: number,
  leaseUntil: number,
  isLive: boolean,
  runningCount: number,
];

export function decodeWorker(row: WorkerRow): WorkerRecord {
  const [workerId, name, host, pid, types, concurrency, ...rest] = row;
  const [startedAt, leaseUntil, isLive, runningCount] = rest;
  return {
    workerId,
    name,
    host,
    pid,
    types: JSON.parse(types) as readonly string[],
    concurrency,
    startedAt: new Date(startedAt),
    leaseUntil: new Date(leaseUntil),
    isLive,
    runningCount,
  };
}

function decodeOptionalDate(ms: number | null): Date | undefined {
  return ms === null ? undefined : new Date(ms);
}
