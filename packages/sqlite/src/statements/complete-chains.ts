import type { ChainCompletion, CompletionResult } from "queuert/adapter";

import type { Session } from "../connections/session.ts";
import { decodeOptional } from "../rows.ts";
import { findLastJob, findRoot } from "./find-chain.ts";
import { finishJob } from "./finish-job.ts";
import { countOpenBlockers, insertJob } from "./insert-job.ts";

/** Ends the open job of each chain without a worker. The fence tells a worker that ran it (`completedElsewhere`). */
export function completeChains(
  session: Session,
  items: readonly ChainCompletion[],
): readonly CompletionResult[] {
  return items.map((item) => completeChain(session, item));
}

function completeChain(
  session: Session,
  { chainId, type, outcome, traceContext }: ChainCompletion,
): CompletionResult {
  const root = findRoot(session, chainId);
  if (root === undefined) return { outcome: "notFound" };
  if (root.chainStatus !== "open") return { outcome: "notOpen", chainStatus: root.chainStatus };
  const job = findLastJob(session, chainId);
  if (job.type !== type) return { outcome: "otherType", type: job.type };
  if (job.status === "blocked") return { outcome: "blocked" };
  const done = {
    chainIndex: job.chainIndex,
    chainType: root.type,
    workerId: decodeOptional(job.workerId),
  };
  const ended = { attempt: job.attempt, completedBy: undefined, traceContext, error: undefined };
  if (outcome.kind === "completed") {
    return {
      ...done,
      outcome: "completed",
      effects: finishJob(session, job, { ...ended, status: "completed", output: outcome.output }),
    };
  }
  const openBlockerCount = countOpenBlockers(session, outcome.next.blockers);
  if (typeof openBlockerCount !== "number") return { outcome: "refused", ...openBlockerCount };
  const effects = finishJob(session, job, { ...ended, status: "continued", output: undefined });
  const status = insertJob(session, {
    chainId,
    chainIndex: job.chainIndex + 1,
    chainType: root.type,
    job: outcome.next,
    openBlockerCount,
    isKeyed: false,
    isUnannounced: false,
    claimedBy: undefined,
  });
  return {
    ...done,
    outcome: "continued",
    effects: {
      ...effects,
      waiting: { type: outcome.next.type, status: status as "blocked" | "scheduled" | "ready" },
    },
  };
}
