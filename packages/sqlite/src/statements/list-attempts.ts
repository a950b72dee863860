import type { AttemptRecord, JobKey } from "queuert/adapter";

import type { Session } from "../connections/session.ts";
import { decodeAttempt, type AttemptFailureRow } from "../rows.ts";

export const listAttemptsStatements = {
  listAttempts: `
    SELECT chain_id AS chainId, chain_index AS chainIndex, attempt, claim_no AS claimNo, worker_id AS workerId, outcome,
      started_at AS startedAt, ended_at AS endedAt, error
    FROM {attempt_failure} WHERE chain_id = ? AND chain_index = ? ORDER BY claim_no`,
} as const;

export function listAttempts(session: Session, key: JobKey): readonly AttemptRecord[] {
  return session
    .all<AttemptFailureRow>(listAttemptsStatements.listAttempts, key.chainId, key.chainIndex)
    .map(decodeAttempt);
}
