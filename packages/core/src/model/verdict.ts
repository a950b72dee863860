import type { StoredError } from "./error-codec.ts";
import type { Explanation, ExplanationReason, PreviousAttempt } from "./explanation.ts";

type Blocked = Extract<ExplanationReason, { kind: "blocked" }>;

/** The most important reason as the end of a sentence that begins with the job: "is scheduled for …". */
export function describeJob(explanation: Omit<Explanation, "verdict">): string {
  const [first] = explanation.reasons;
  if (first === undefined) return `is ${explanation.status}`;
  const clause =
    first.kind === "blocked" ? describeBlocked(first, explanation.reasons) : describeReason(first);
  return first.kind === "failed" ? `${clause}; redrive its chain to run it again` : clause;
}

function describeBlocked(reason: Blocked, all: readonly ExplanationReason[]): string {
  const blockerCount = all.reduce((count, { kind, ...rest }) => {
    if (kind === "blockedByOthers") return count + (rest as { count: number }).count;
    return kind === "blocked" || kind === "deadlocked" ? count + 1 : count;
  }, 0);
  const chain = `"${reason.chainId}" ("${reason.chainType}")`;
  const direct =
    blockerCount === 1
      ? `waits for chain ${chain}`
      : `waits for ${blockerCount} chains, among them ${chain}`;
  return `${direct}, ${describeCause(reason)}`;
}

/** Names the job at the root of the wait and leaves out the chains between. */
function describeCause(reason: Blocked): string {
  const { root, cause, between } = rootOf(reason);
  const through = `and through ${between} more ${between === 1 ? "chain" : "chains"} for`;
  if (cause === undefined) {
    const state = `which is ${root.chainStatus}`;
    return between === 0
      ? state
      : `${through} chain "${root.chainId}" ("${root.chainType}"), ${state}`;
  }
  const job = `job "${cause.jobId}" ("${cause.type}")`;
  const clause = describeReason(cause.reasons[0]!);
  return between === 0 ? `whose ${job} ${clause}` : `${through} ${job}, which ${clause}`;
}

function rootOf(reason: Blocked): {
  root: Blocked;
  cause: Explanation | undefined;
  between: number;
} {
  let root = reason;
  for (let between = 0; ; between++) {
    const next = root.cause?.reasons[0];
    if (next?.kind !== "blocked") return { root, cause: root.cause, between };
    root = next;
  }
}

function describeReason(reason: ExplanationReason): string {
  switch (reason.kind) {
    case "scheduled":
      return reason.previous === undefined
        ? `is scheduled for ${instant(reason.scheduledAt)}`
        : `runs again at ${instant(reason.scheduledAt)}, since ${describePrevious(reason.previous)}`;
    case "blocked":
      return `waits for chain "${reason.chainId}" ("${reason.chainType}"), which is ${reason.chainStatus}`;
    case "deadlocked":
      return `waits for chain "${reason.chainId}" ("${reason.chainType}"), which waits for its own chain in turn, until one of them is cancelled`;
    case "blockedByOthers":
      return `waits for ${reason.count === 0 ? "other" : reason.count} ${reason.count === 1 ? "chain" : "chains"}`;
    case "typePaused":
      return `is not claimed, since its type "${reason.type}" is paused`;
    case "noWorker":
      return describeNoWorker(reason);
    case "waitingForSlot":
      return describeWaiting(reason);
    case "running":
      return `${reason.attempt === 0 ? "is held by" : `runs (attempt ${reason.attempt}) on`} worker "${reason.worker.name}"${since(reason.claimedAt)}, leased until ${instant(reason.worker.leaseUntil)}`;
    case "leaseExpired":
      return reason.worker === undefined
        ? `is held by a worker that is gone ("${reason.workerId ?? "unknown"}"), and a live worker of its type will take it back`
        : `is held by worker "${reason.worker.name}", whose lease ended at ${instant(reason.worker.leaseUntil)}, and a live worker of its type will take it back`;
    case "completed":
      return `completed${reason.completedAt === undefined ? "" : ` at ${instant(reason.completedAt)}`}`;
    case "continued":
      return `was continued with job "${reason.nextJobId}"`;
    case "failed":
      return `failed after ${reason.attempt} ${reason.attempt === 1 ? "attempt" : "attempts"}${describeError(reason.error)}`;
    case "cancelled":
      return `was cancelled${reason.reason === undefined ? "" : `: ${oneLine(reason.reason)}`}`;
  }
}

function describeNoWorker({
  type,
  expired,
}: Extract<ExplanationReason, { kind: "noWorker" }>): string {
  const latest = expired.toSorted(
    (left, right) => right.leaseUntil.getTime() - left.leaseUntil.getTime(),
  )[0];
  return latest === undefined
    ? `has no worker: none handles "${type}", so it waits for one, or for completeChain`
    : `has no live worker: the lease of "${latest.name}", the last that handled "${type}", ended at ${instant(latest.leaseUntil)}`;
}

function describeWaiting(reason: Extract<ExplanationReason, { kind: "waitingForSlot" }>): string {
  const { liveWorkerCount, runningCount, concurrency } = reason;
  const workers = liveWorkerCount === 1 ? "1 live worker" : `${liveWorkerCount} live workers`;
  const verb = liveWorkerCount === 1 ? "runs" : "run";
  const what = runningCount < concurrency ? "is to be claimed" : "waits for a slot";
  return `is ready${since(reason.readyAt)} and ${what}: ${workers} of its type ${verb} ${runningCount} of ${concurrency} jobs`;
}

function describePrevious({ attempt, outcome, error }: PreviousAttempt): string {
  return outcome === "lost"
    ? `attempt ${attempt} was lost with its worker`
    : `attempt ${attempt} failed${describeError(error)}`;
}

const errorLengthMax = 200;

function describeError(error: StoredError | undefined): string {
  return error === undefined ? "" : `: ${oneLine(`${error.name}: ${error.message}`)}`;
}

/** Text of others inside our sentence: one line, not too long, without a full stop of its own. */
function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim().replace(/\.$/, "");
  return line.length <= errorLengthMax ? line : `${line.slice(0, errorLengthMax)}…`;
}

function since(at: Date | undefined): string {
  return at === undefined ? "" : ` since ${instant(at)}`;
}

function instant(at: Date): string {
  return at.toISOString();
}
