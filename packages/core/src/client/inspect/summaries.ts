import { formatJobId } from "../../model/ids.ts";
import type { ChainGraph, ChainRecord, JobRecord, WorkerRecord } from "../../ports/state-reads.ts";
import type { ChainNetwork, ChainSummary, JobSummary, WorkerSummary } from "./inspect-api.ts";

// Field by field: what a record carries besides, payloads first of all, never leaves by accident.

export function toChainSummary(record: ChainRecord): ChainSummary {
  const { chainId, type, status, createdAt, closedAt, labels } = record;
  const { chainIndex } = record.last;
  const last = {
    jobId: formatJobId({ chainId, chainIndex }),
    chainIndex,
    type: record.last.type,
    status: record.last.status,
  };
  return { chainId, type, status, createdAt, closedAt: closedAt ?? null, labels, last };
}

export function toJobSummary(record: JobRecord): JobSummary {
  const {
    chainId,
    chainIndex,
    type,
    chainType,
    status,
    priority,
    attempt,
    createdAt,
    scheduledAt,
  } = record;
  return {
    jobId: formatJobId(record),
    chainId,
    chainIndex,
    type,
    chainType,
    status,
    priority,
    attempt,
    createdAt,
    scheduledAt,
    readyAt: record.readyAt ?? null,
    claimedAt: record.claimedAt ?? null,
    completedAt: record.completedAt ?? null,
    workerId: record.workerId ?? null,
    completedBy: record.completedBy ?? null,
    openBlockerCount: record.openBlockers,
    dependentCount: record.dependents,
  };
}

export function toWorkerSummary(record: WorkerRecord): WorkerSummary {
  const {
    workerId,
    name,
    host,
    pid,
    types,
    concurrency,
    startedAt,
    leaseUntil,
    isLive,
    runningCount,
  } = record;
  return {
    workerId,
    name,
    host,
    pid,
    types,
    concurrency,
    startedAt,
    leaseUntil,
    isLive,
    runningCount,
  };
}

export function toChainNetwork(graph: ChainGraph): ChainNetwork {
  return {
    chains: graph.chains.map(toChainSummary),
    edges: graph.edges.map(({ job, slot, ordinal, blockedBy }) => ({
      jobId: formatJobId(job),
      chainId: job.chainId,
      slot,
      ordinal,
      blockedBy,
    })),
    isTruncated: graph.isTruncated,
  };
}
