import { closeOverHolders, type DeleteResult } from "queuert/adapter";

import type { Session } from "../connections/session.ts";
import { decodeOptional } from "../rows.ts";
import { findLastJob, findRoot } from "./find-chain.ts";

export const deleteChainsStatements = {
  listReferences: `
    SELECT DISTINCT chain_id AS chainId FROM {job_blocker}
    WHERE blocked_by_chain_id = ? AND chain_id <> blocked_by_chain_id ORDER BY chain_id`,
  listBlocking:
    "SELECT blocked_by_chain_id AS chainId, count(*) AS edgeCount FROM {job_blocker} WHERE chain_id = ? GROUP BY blocked_by_chain_id",
  countDependentsDown:
    "UPDATE {job} SET dependents = dependents - ? WHERE chain_id = ? AND chain_index = 0",
  deleteBlockers: "DELETE FROM {job_blocker} WHERE chain_id = ?",
  deleteFailures: "DELETE FROM {attempt_failure} WHERE chain_id = ?",
  deleteLabels: "DELETE FROM {chain_label} WHERE chain_id = ?",
  deleteKey: "DELETE FROM {deduplication} WHERE chain_id = ?",
  deleteJobs: "DELETE FROM {job} WHERE chain_id = ?",
} as const;

export interface DeleteParams {
  readonly chainIds: readonly string[];
  readonly cascade: boolean;
}

/** Deletes chains, decided about as a whole: one that is deleted by the same call does not hold another back. */
export function deleteChains(
  session: Session,
  { chainIds, cascade }: DeleteParams,
): readonly DeleteResult[] {
  const found = new Set(chainIds.filter((chainId) => findRoot(session, chainId) !== undefined));
  const listReferences = (chainId: string): readonly string[] =>
    session
      .all<{ chainId: string }>(deleteChainsStatements.listReferences, chainId)
      .map((row) => row.chainId);
  const { added, refused } = closeOverHolders({
    chainIds: found,
    holdersOf: listReferences,
    isCascade: cascade,
  });
  return [...chainIds, ...added].map((chainId): DeleteResult => {
    const references = refused.get(chainId);
    return references === undefined
      ? deleteChain(session, chainId)
      : { chainId, outcome: "referenced", references };
  });
}

function deleteChain(session: Session, chainId: string): DeleteResult {
  const root = findRoot(session, chainId);
  if (root === undefined) return { chainId, outcome: "notFound" };
  const { workerId } = findLastJob(session, chainId);
  deleteChainRows(session, chainId);
  return { chainId, outcome: "deleted", chainType: root.type, workerId: decodeOptional(workerId) };
}

/** Deletes all that belongs to a chain. Edges of others that name it are theirs, and left. */
export function deleteChainRows(session: Session, chainId: string): void {
  for (const blocking of session.all<{ chainId: string; edgeCount: number }>(
    deleteChainsStatements.listBlocking,
    chainId,
  )) {
    session.run(deleteChainsStatements.countDependentsDown, blocking.edgeCount, blocking.chainId);
  }
  session.run(deleteChainsStatements.deleteBlockers, chainId);
  session.run(deleteChainsStatements.deleteFailures, chainId);
  session.run(deleteChainsStatements.deleteLabels, chainId);
  session.run(deleteChainsStatements.deleteKey, chainId);
  session.run(deleteChainsStatements.deleteJobs, chainId);
}
