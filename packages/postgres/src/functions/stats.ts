import { defineFunction } from "./define-function.ts";
import { inMs } from "./shared-sql.ts";
import { jobsIn, typesIn, type IndexedStatus } from "./types-in.ts";

const countIn = (status: IndexedStatus): string => `
  SELECT '${status}' AS status, present.type, counted.n FROM (${typesIn(status)}) AS present CROSS JOIN LATERAL (
    SELECT count(*) AS n FROM (${jobsIn(status, "", "p_cap")}) AS found) AS counted`;

/** Workers hold no more than they can run, so all of it is counted. */
const countRunning = `
  SELECT 'running' AS status, held.type, least(count(*), p_cap) AS n FROM (
    SELECT job.type FROM {job} AS job WHERE job.status = 'running' ORDER BY job.worker_id OFFSET 0) AS held GROUP BY held.type`;

const count = (status: string): string =>
  `coalesce(sum(counts.n) FILTER (WHERE counts.status = '${status}'), 0)`;

/** What is to be done, by type. It costs a probe for each type and status, and no more than `p_cap` index entries each. */
export const stats: string = defineFunction({
  signature: "{stats}(p_now timestamptz, p_cap integer)",
  returns: "json",
  isRead: true,
  body: `
DECLARE
  v_now timestamptz := coalesce(p_now, clock_timestamp());
BEGIN
  RETURN (
    SELECT json_agg(json_build_array(of_type.type,
      EXISTS (SELECT FROM {job_type} AS paused WHERE paused.type = of_type.type AND paused.is_paused),
      of_type.blocked, of_type.scheduled, of_type.ready, of_type.running, of_type.failed, ${inMs("v_now")} - ${inMs("oldest.ready_at")})
      ORDER BY of_type.type COLLATE "C")
    FROM (
      SELECT counts.type, ${count("blocked")} AS blocked, ${count("scheduled")} AS scheduled, ${count("ready")} AS ready,
        ${count("running")} AS running, ${count("failed")} AS failed
      FROM (${[...(["blocked", "scheduled", "ready", "failed"] as const).map(countIn), countRunning].join(" UNION ALL ")}) AS counts
      GROUP BY counts.type) AS of_type
    LEFT JOIN LATERAL (
      SELECT min(head.ready_at) AS ready_at FROM generate_series(0, 9) AS each (priority) CROSS JOIN LATERAL (
        SELECT job.ready_at FROM {job} AS job WHERE job.status = 'ready' AND job.type = of_type.type AND job.priority = each.priority
        ORDER BY job.ready_at LIMIT 1) AS head) AS oldest ON true);
END`,
});
