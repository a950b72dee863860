import type {
  ActionResult,
  CancelResult,
  ChainCompletion,
  CompletionResult,
} from "../ports/state-adapter.ts";
import { closeOverHolders } from "../model/chain-closure.ts";
import { chainDurationMs, closeChain } from "./close-chain.ts";
import { findUnusableBlocker } from "./insert-job.ts";
import { giveBackJob } from "./place-job.ts";
import type { ChainRow, JobRow } from "./rows.ts";
import { actedUpon } from "./schedule-jobs.ts";
import { completeJob, continueJob, waitingEffects } from "./settle-attempts.ts";
import type { Writer } from "./writer.ts";

/** Completes or continues the open job of each chain without a worker, in their order. */
export function completeChains(
  writer: Writer,
  items: readonly ChainCompletion[],
): readonly CompletionResult[] {
  return items.map((item) => completeChain(writer, item));
}

function completeChain(writer: Writer, item: ChainCompletion): CompletionResult {
  const { outcome, traceContext } = item;
  const chain = writer.chain(item.chainId);
  if (chain === undefined) return { outcome: "notFound" };
  if (chain.status !== "open") return { outcome: "notOpen", chainStatus: chain.status };
  const job = writer.lastJob(chain);
  if (job.type !== item.type) return { outcome: "otherType", type: job.type };
  if (job.status === "blocked") return { outcome: "blocked" };
  const place = {
    chainIndex: job.chainIndex,
    chainType: chain.type,
    workerId: job.workerId,
  };
  if (outcome.kind === "completed") {
    return {
      outcome: "completed",
      ...place,
      effects: completeJob(writer, takenFromWorker(job, traceContext), outcome.output),
    };
  }
  const refused = findUnusableBlocker(writer, outcome.next.blockers);
  if (refused !== undefined) return { outcome: "refused", ...refused };
  return {
    outcome: "continued",
    ...place,
    effects: waitingEffects(continueJob(writer, takenFromWorker(job, traceContext), outcome.next)),
  };
}

/** A job that ends without a worker: the fence finds nobody who settled it. */
function takenFromWorker(job: JobRow, traceContext = job.traceContext): JobRow {
  return { ...job, workerId: undefined, completedBy: undefined, isStarted: false, traceContext };
}

/** Cancels open chains. One that others outside the set wait for is refused, or takes them along. */
export function cancelChains(
  writer: Writer,
  params: {
    readonly chainIds: readonly string[];
    readonly reason: string | undefined;
    readonly cascade: boolean;
  },
): readonly CancelResult[] {
  const open = new Set(
    params.chainIds.filter((chainId) => writer.chain(chainId)?.status === "open"),
  );
  const holdersOf = (chainId: string): readonly string[] => waitingChainIds(writer, chainId);
  const { added, refused } = closeOverHolders({
    chainIds: open,
    holdersOf,
    isCascade: params.cascade,
  });
  return [...params.chainIds, ...added].map((chainId): CancelResult => {
    const dependants = refused.get(chainId);
    if (dependants !== undefined) return { chainId, outcome: "hasDependants", dependants };
    const chain = writer.chain(chainId);
    if (chain === undefined) return { chainId, outcome: "notFound" };
    return chain.status === "open"
      ? cancelChain(writer, chain, params.reason)
      : { chainId, outcome: "alreadyClosed" };
  });
}

/** The other chains whose open job waits for this one. */
function waitingChainIds(writer: Writer, chainId: string): readonly string[] {
  const waiting = writer
    .waiters(chainId)
    .filter((waiter) => writer.job(waiter)!.status === "blocked");
  return [...new Set(waiting.map((waiter) => waiter.chainId))].filter(
    (waitingId) => waitingId !== chainId,
  );
}

function cancelChain(writer: Writer, chain: ChainRow, reason: string | undefined): CancelResult {
  const job = writer.lastJob(chain);
  writer.putJob({
    ...takenFromWorker(job),
    status: "cancelled",
    completedAtMs: writer.nowMs,
    error: reason,
  });
  closeChain(writer, chain, "cancelled");
  const { chainId, chainIndex, type, workerId } = job;
  return {
    chainId,
    outcome: "cancelled",
    chainType: chain.type,
    chainDurationMs: chainDurationMs(writer, chain),
    job: { chainId, chainIndex, type },
    workerId,
  };
}

/** Opens failed chains again at the job that failed. */
export function redriveChains(
  writer: Writer,
  chainIds: readonly string[],
): readonly ActionResult<"redriven" | "notFound" | "notFailed">[] {
  return chainIds.map((chainId) => {
    const chain = writer.chain(chainId);
    if (chain === undefined) return { chainId, outcome: "notFound" };
    if (chain.status !== "failed") return { chainId, outcome: "notFailed" };
    writer.putChain({ ...chain, status: "open", closedAtMs: undefined });
    const opened = {
      ...giveBackJob(writer.lastJob(chain), writer.nowMs),
      attempt: 0,
      completedAtMs: undefined,
    };
    return { chainId, outcome: "redriven", job: actedUpon(writer.putJob(opened)) };
  });
}
