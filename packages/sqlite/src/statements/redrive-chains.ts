import type { ActionResult } from "queuert/adapter";

import type { Session } from "../connections/session.ts";
import { findLastJob, findRoot } from "./find-chain.ts";

export const redriveChainsStatements = {
  openJob: `
    UPDATE {job} SET status = 'ready', attempt = 0, ready_at = ?, completed_at = NULL WHERE chain_id = ? AND chain_index = ?`,
  openRoot:
    "UPDATE {job} SET chain_status = 'open', chain_closed_at = NULL WHERE chain_id = ? AND chain_index = 0",
} as const;

type RedriveResult = ActionResult<"redriven" | "notFound" | "notFailed">;

/** Opens failed chains again. Their dependants wait on; who settled the failed job stays known, so that a repeat of that settlement is. */
export function redriveChains(
  session: Session,
  chainIds: readonly string[],
): readonly RedriveResult[] {
  return chainIds.map((chainId): RedriveResult => {
    const root = findRoot(session, chainId);
    if (root?.chainStatus !== "failed")
      return { chainId, outcome: root === undefined ? "notFound" : "notFailed" };
    const { chainIndex, type } = findLastJob(session, chainId);
    session.run(redriveChainsStatements.openJob, session.nowMs, chainId, chainIndex);
    session.run(redriveChainsStatements.openRoot, chainId);
    return { chainId, outcome: "redriven", job: { chainId, chainIndex, type, status: "ready" } };
  });
}
