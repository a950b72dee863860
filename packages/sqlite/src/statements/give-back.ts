import type { JobKey } from "queuert/adapter";

import type { Session } from "../connections/session.ts";

export const giveBackStatements = {
  // A held job has not counted its attempt yet. No worker settled it, so no repeat of a settlement may find its own name in the row.
  giveBack: `
    UPDATE {job} SET status = 'ready', attempt = CASE WHEN hold IS NULL THEN attempt - 1 ELSE attempt END, hold = NULL,
      worker_id = NULL, completed_by = NULL, ready_at = ?
    WHERE chain_id = ? AND chain_index = ?`,
} as const;

/** Makes a running job ready again without counting its attempt. */
export function giveBack(session: Session, key: JobKey): void {
  session.run(giveBackStatements.giveBack, session.nowMs, key.chainId, key.chainIndex);
}
