import type { Session, Statements } from "../connections/session.ts";

// A loose scan: one probe of the index for each type that has such a job, however many jobs there are.
const typesIn = (index: string, condition: string): string => `
  WITH RECURSIVE present (type) AS (
    SELECT (SELECT min(type) FROM {job} INDEXED BY ${index} WHERE ${condition})
    UNION ALL
    SELECT (SELECT min(type) FROM {job} INDEXED BY ${index} WHERE ${condition} AND type > present.type) FROM present WHERE present.type IS NOT NULL
  )
  SELECT type FROM present WHERE type IS NOT NULL`;

/** The statuses whose types can be told. Of `open`, they are those of chains; else of jobs. */
export type ListedStatus = "ready" | "scheduled" | "blocked" | "failed" | "cancelled" | "open";

export const listTypesInStatements: Statements<ListedStatus> = {
  ready: typesIn("{job_by_readiness}", "status = 'ready'"),
  scheduled: typesIn("{job_scheduled}", "status = 'scheduled'"),
  blocked: typesIn("{job_blocked}", "status = 'blocked'"),
  failed: typesIn("{job_failed}", "status = 'failed'"),
  cancelled: typesIn("{job_cancelled}", "status = 'cancelled'"),
  open: typesIn("{chain_open}", "chain_index = 0 AND chain_status = 'open'"),
};

/** The types that have jobs of a status, in the order of their names. */
export function listTypesIn(session: Session, status: ListedStatus): readonly string[] {
  return session.all<{ type: string }>(listTypesInStatements[status]).map(({ type }) => type);
}
