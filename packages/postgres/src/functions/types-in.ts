/** The statuses whose jobs stand in an index of their own that begins with the type. */
export type IndexedStatus = "blocked" | "scheduled" | "ready" | "failed";

/** Rows with one column `type`: the types that have jobs of a status. A probe of the index for each type, however many jobs there are. */
export function typesIn(status: IndexedStatus): string {
  return `
    WITH RECURSIVE present (type) AS (
      (SELECT job.type FROM {job} AS job WHERE job.status = '${status}' ORDER BY job.type LIMIT 1)
      UNION ALL
      SELECT next.type FROM present CROSS JOIN LATERAL (
        SELECT job.type FROM {job} AS job WHERE job.status = '${status}' AND job.type > present.type ORDER BY job.type LIMIT 1) AS next)
    SELECT present.type FROM present`;
}

/**
 * Rows with columns of jobs of a status and of the type `present.type`, no more than a limit. A range instead of an equation makes the order by type
 * a demand that only the index which begins with the type meets; an index by time would look at other types' jobs as well.
 */
export function jobsIn(status: IndexedStatus, columns: string, limit: string): string {
  return `
    SELECT ${columns} FROM {job} AS job
    WHERE job.status = '${status}' AND job.type BETWEEN present.type AND present.type ORDER BY job.type LIMIT ${limit}`;
}
