import { closeOverHolders, type CancelResult } from "queuert/adapter";

import type { Session } from "../connections/session.ts";
import { decodeOptional } from "../rows.ts";
import { findLastJob, findRoot } from "./find-chain.ts";
import { finishJob } from "./finish-job.ts";

export const cancelChainsStatements = {
  listDependants: `
    SELECT DISTINCT edge.chain_id AS chainId FROM {job_blocker} AS edge
    JOIN {job} AS job ON job.chain_id = edge.chain_id AND job.chain_index = edge.chain_index
    WHERE edge.blocked_by_chain_id = ? AND job.status = 'blocked' AND edge.chain_id <> edge.blocked_by_chain_id
    ORDER BY edge.chain_id`,
} as const;

export interface CancelParams {
  readonly chainIds: readonly string[];
  readonly reason: string | undefined;
  readonly cascade: boolean;
}

/** Cancels chains, decided about as a whole: one that is cancelled by the same call keeps nobody waiting. */
export function cancelChains(
  session: Session,
  { chainIds, reason, cascade }: CancelParams,
): readonly CancelResult[] {
  const open = new Set(
    chainIds.filter((chainId) => findRoot(session, chainId)?.chainStatus === "open"),
  );
  const listDependants = (chainId: string): readonly string[] =>
    session
      .all<{ chainId: string }>(cancelChainsStatements.listDependants, chainId)
      .map((row) => row.chainId);
  const { added, refused } = closeOverHolders({
    chainIds: open,
    holdersOf: listDependants,
    isCascade: cascade,
  });
  return [...chainIds, ...added].map((chainId): CancelResult => {
    const dependants = refused.get(chainId);
    return dependants === undefined
      ? cancelChain(session, chainId, reason)
      : { chainId, outcome: "hasDependants", dependants };
  });
}

function cancelChain(session: Session, chainId: string, reason: string | undefined): CancelResult {
  const root = findRoot(session, chainId);
  if (root?.chainStatus !== "open")
    return { chainId, outcome: root === undefined ? "notFound" : "alreadyClosed" };
  const { chainIndex, type, attempt, workerId } = findLastJob(session, chainId);
  const job = { chainId, chainIndex, type };
  const { chainDurationMs } = finishJob(session, job, {
    status: "cancelled",
    attempt,
    completedBy: undefined,
    traceContext: undefined,
    output: undefined,
    error: reason,
  });
  return {
    chainId,
    outcome: "cancelled",
    chainType: root.type,
    chainDurationMs: chainDurationMs!,
    job,
    workerId: decodeOptional(workerId),
  };
}
