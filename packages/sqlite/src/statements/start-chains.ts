import {
  BlockerUnusableError,
  ChainIdConflictError,
  type JobStatus,
  type NewChain,
  type StartResult,
} from "queuert/adapter";

import type { Session } from "../connections/session.ts";
import { decodeOptional, type Nullable } from "../rows.ts";
import { answerByKey, takeKey } from "./deduplicate.ts";
import { countOpenBlockers, insertJob } from "./insert-job.ts";

export const startChainsStatements = {
  findRoot:
    "SELECT type, status, trace_context AS traceContext FROM {job} WHERE chain_id = ? AND chain_index = 0",
  insertLabel: "INSERT INTO {chain_label} (chain_id, key, value) VALUES (?, ?, ?)",
} as const;

/** Starts chains one after another, so that an item sees those before it. What throws leaves the session's transaction to be undone. */
export function startChains(session: Session, chains: readonly NewChain[]): readonly StartResult[] {
  return chains.map((chain) => startChain(session, chain));
}

function startChain(session: Session, chain: NewChain): StartResult {
  const { chainId, deduplication } = chain;
  const sameId = session.first<{
    type: string;
    status: JobStatus;
    traceContext: Nullable<string>;
  }>(startChainsStatements.findRoot, chainId);
  if (sameId !== undefined) {
    if (sameId.type !== chain.type)
      throw new ChainIdConflictError({ chainId, existingType: sameId.type, type: chain.type });
    const traceContext = decodeOptional(sameId.traceContext);
    return { chainId, outcome: "sameId", jobStatus: sameId.status, traceContext };
  }
  const answered =
    deduplication === undefined ? undefined : answerByKey(session, chain, deduplication);
  if (answered !== undefined) return answered;
  const openBlockerCount = countOpenBlockers(session, chain.blockers);
  if (typeof openBlockerCount !== "number") {
    throw new BlockerUnusableError({
      chainId: openBlockerCount.blockerChainId,
      reason: openBlockerCount.reason,
    });
  }
  const jobStatus = insertJob(session, {
    chainId,
    chainIndex: 0,
    chainType: chain.type,
    job: chain,
    openBlockerCount,
    isKeyed: deduplication !== undefined,
    isUnannounced: chain.isUnannounced,
    claimedBy: undefined,
  });
  for (const [key, value] of Object.entries(chain.labels))
    session.run(startChainsStatements.insertLabel, chainId, key, value);
  if (deduplication !== undefined) takeKey(session, chain, deduplication);
  return { chainId, outcome: "created", jobStatus, traceContext: chain.traceContext };
}
