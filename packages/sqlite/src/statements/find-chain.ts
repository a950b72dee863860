import type { ChainStatus, JobKey, JobStatus } from "queuert/adapter";

import type { Session } from "../connections/session.ts";
import type { Nullable } from "../rows.ts";

export const findChainStatements = {
  findRoot: `
    SELECT chain_id AS chainId, type, chain_status AS chainStatus, created_at AS createdAt, chain_closed_at AS closedAt
    FROM {job} WHERE chain_id = ? AND chain_index = 0`,
  findLastJob: `
    SELECT chain_id AS chainId, chain_index AS chainIndex, type, status, attempt, worker_id AS workerId, scheduled_at AS scheduledAt,
      ready_at AS readyAt
    FROM {job} WHERE chain_id = ? ORDER BY chain_index DESC LIMIT 1`,
} as const;

/** A chain, as its root has it. */
export interface RootRow {
  readonly chainId: string;
  readonly type: string;
  readonly chainStatus: ChainStatus;
  readonly createdAt: number;
  readonly closedAt: Nullable<number>;
}

/** The job at which a chain stands. */
export interface LastJobRow extends JobKey {
  readonly type: string;
  readonly status: JobStatus;
  readonly attempt: number;
  readonly workerId: Nullable<string>;
  readonly scheduledAt: number;
  readonly readyAt: Nullable<number>;
}

export function findRoot(session: Session, chainId: string): RootRow | undefined {
  return session.first<RootRow>(findChainStatements.findRoot, chainId);
}

/** A chain that exists has a last job. */
export function findLastJob(session: Session, chainId: string): LastJobRow {
  return session.first<LastJobRow>(findChainStatements.findLastJob, chainId)!;
}
