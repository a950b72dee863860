import type { AttemptKey, AttemptRecord } from "queuert/adapter";

import type { Session } from "../connections/session.ts";
import { encodeOptional } from "../rows.ts";

export const recordFailureStatements = {
  insertFailure: `
    INSERT INTO {attempt_failure} (chain_id, chain_index, claim_no, attempt, worker_id, outcome, started_at, ended_at, error)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  // The first one and the newest 24 stay (trap E2).
  dropFailures: `
    DELETE FROM {attempt_failure}
    WHERE chain_id = ? AND chain_index = ?
      AND claim_no > (SELECT min(claim_no) FROM {attempt_failure} WHERE chain_id = ? AND chain_index = ?)
      AND claim_no <= (SELECT claim_no FROM {attempt_failure} WHERE chain_id = ? AND chain_index = ? ORDER BY claim_no DESC LIMIT 1 OFFSET 24)`,
} as const;

/** An attempt that did not succeed. */
export interface AttemptFailure extends AttemptKey {
  readonly attempt: number;
  readonly workerId: string;
  readonly outcome: AttemptRecord["outcome"];
  readonly startedAtMs: number;
  readonly error: string | undefined;
}

export function recordFailure(session: Session, failure: AttemptFailure): void {
  const key = [failure.chainId, failure.chainIndex] as const;
  session.run(
    recordFailureStatements.insertFailure,
    ...key,
    failure.claimNo,
    failure.attempt,
    failure.workerId,
    failure.outcome,
    failure.startedAtMs,
    session.nowMs,
    encodeOptional(failure.error),
  );
  session.run(recordFailureStatements.dropFailures, ...key, ...key, ...key);
}
