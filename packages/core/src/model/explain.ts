import type { StoredError } from "./error-codec.ts";
import { formatJobId, type JobKey } from "./ids.ts";
import type { ChainStatus, JobStatus } from "./status.ts";
import type {
  ExplainedWorker,
  Explanation,
  ExplanationReason,
  PreviousAttempt,
} from "./explanation.ts";
import { describeJob } from "./verdict.ts";

/** What an explanation is made of: the job, and the workers and pauses that are the same for every job in it. */
export interface ExplanationFacts {
  readonly job: JobFacts;
  readonly fleet: FleetFacts;
}

/** A job as the database has it, with what it waits for. */
export interface JobFacts extends JobKey {
  readonly type: string;
  readonly status: JobStatus;
  readonly attempt: number;
  readonly scheduledAt: Date;
  readonly readyAt: Date | undefined;
  readonly claimedAt: Date | undefined;
  readonly completedAt: Date | undefined;
  readonly workerId: string | undefined;
  readonly openBlockers: number;
  /** The error of a failed job. */
  readonly error: StoredError | undefined;
  readonly cancelReason: string | undefined;
  readonly previous: PreviousAttempt | undefined;
  /** Chains that it waits for and that have not completed; some may be missing. */
  readonly blockers: readonly BlockerFacts[];
}

/** A chain that a job waits for. */
export interface BlockerFacts {
  readonly slot: string;
  readonly ordinal: number;
  readonly chainId: string;
  readonly chainType: string;
  readonly chainStatus: ChainStatus;
  /** It waits for a chain on the way from the explained job to it. */
  readonly isDeadlock: boolean;
  /** Its last job; `undefined` where that was not looked at. */
  readonly last: JobFacts | undefined;
}

/** The workers and pauses of the installation. */
export interface FleetFacts {
  readonly workers: readonly WorkerFacts[];
  /** Workers may be missing: then nothing is said about there being none. */
  readonly isCapped: boolean;
  readonly pausedTypes: ReadonlySet<string>;
}

/** A worker as the database has it. `isLive` is the database's word: no clock of ours is asked (P8). */
export interface WorkerFacts extends ExplainedWorker {
  readonly types: readonly string[];
  readonly concurrency: number;
  readonly isLive: boolean;
  readonly runningCount: number;
}

/** Says why a job is where it is. */
export function explainJob({ job, fleet }: ExplanationFacts): Explanation {
  const reasons = reasonsOf(job, fleet);
  const { chainId, type, status } = job;
  const found = { jobId: formatJobId(job), chainId, type, status, reasons };
  return { ...found, verdict: `The job ${describeJob(found)}.` };
}

function reasonsOf(job: JobFacts, fleet: FleetFacts): readonly ExplanationReason[] {
  const { scheduledAt, completedAt, previous } = job;
  switch (job.status) {
    case "blocked":
      return [...blockedReasons(job, fleet), ...unclaimableReasons(job.type, fleet)];
    case "scheduled":
      return [{ kind: "scheduled", scheduledAt, previous }, ...unclaimableReasons(job.type, fleet)];
    case "ready":
      return readyReasons(job, fleet);
    case "running":
      return runningReasons(job, fleet);
    case "completed":
      return [{ kind: "completed", completedAt }];
    case "continued": {
      const nextJobId = formatJobId({ chainId: job.chainId, chainIndex: job.chainIndex + 1 });
      return [{ kind: "continued", completedAt, nextJobId }];
    }
    case "failed":
      return [{ kind: "failed", completedAt, attempt: job.attempt, error: job.error }];
    case "cancelled":
      return [{ kind: "cancelled", completedAt, reason: job.cancelReason }];
  }
}

/** What keeps jobs of a type from being claimed, whatever else holds them. */
function unclaimableReasons(type: string, fleet: FleetFacts): readonly ExplanationReason[] {
  const handling = fleet.workers.filter((worker) => worker.types.includes(type));
  const isUnhandled = !fleet.isCapped && !handling.some((worker) => worker.isLive);
  return [
    ...(fleet.pausedTypes.has(type) ? [{ kind: "typePaused", type } as const] : []),
    ...(isUnhandled
      ? [{ kind: "noWorker", type, expired: handling.map(toExplainedWorker) } as const]
      : []),
  ];
}

function readyReasons(job: JobFacts, fleet: FleetFacts): readonly ExplanationReason[] {
  const unclaimable = unclaimableReasons(job.type, fleet);
  if (unclaimable.length > 0) return unclaimable;
  const live = fleet.workers.filter((worker) => worker.isLive && worker.types.includes(job.type));
  return [
    {
      kind: "waitingForSlot",
      readyAt: job.readyAt,
      previous: job.previous,
      liveWorkerCount: live.length,
      runningCount: live.reduce((sum, worker) => sum + worker.runningCount, 0),
      concurrency: live.reduce((sum, worker) => sum + worker.concurrency, 0),
    },
  ];
}

function runningReasons(job: JobFacts, fleet: FleetFacts): readonly ExplanationReason[] {
  const { workerId, claimedAt, attempt } = job;
  const holder = fleet.workers.find((worker) => worker.workerId === workerId);
  const worker = holder === undefined ? undefined : toExplainedWorker(holder);
  if (worker !== undefined && holder?.isLive === true)
    return [{ kind: "running", worker, claimedAt, attempt }];
  return [
    { kind: "leaseExpired", workerId, worker, claimedAt, attempt },
    ...unclaimableReasons(job.type, fleet),
  ];
}

function blockedReasons(job: JobFacts, fleet: FleetFacts): readonly ExplanationReason[] {
  const reasons = job.blockers.map((blocker) => blockedReason(blocker, fleet));
  const otherCount = job.openBlockers - reasons.length;
  return [
    ...reasons.toSorted((left, right) => urgency(left) - urgency(right)),
    ...(otherCount > 0 || reasons.length === 0
      ? [{ kind: "blockedByOthers", count: Math.max(0, otherCount) } as const]
      : []),
  ];
}

function blockedReason(blocker: BlockerFacts, fleet: FleetFacts): ExplanationReason {
  const { slot, ordinal, chainId, chainType, chainStatus, isDeadlock, last } = blocker;
  if (isDeadlock) return { kind: "deadlocked", slot, ordinal, chainId, chainType };
  const cause = last === undefined ? undefined : explainJob({ job: last, fleet });
  return { kind: "blocked", slot, ordinal, chainId, chainType, chainStatus, cause };
}

/** What somebody has to repair comes before what waiting repairs. */
function urgency(reason: ExplanationReason): number {
  switch (reason.kind) {
    case "blocked":
      return reason.cause === undefined
        ? reason.chainStatus === "open"
          ? 3
          : 1
        : urgency(reason.cause.reasons[0]!);
    case "deadlocked":
      return 0;
    case "failed":
    case "cancelled":
      return 1;
    case "typePaused":
    case "noWorker":
    case "leaseExpired":
      return 2;
    default:
      return 3;
  }
}

function toExplainedWorker({ workerId, name, leaseUntil }: WorkerFacts): ExplainedWorker {
  return { workerId, name, leaseUntil };
}
