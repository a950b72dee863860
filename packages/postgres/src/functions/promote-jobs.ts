import { commitWithoutWaiting, defineFunction } from "./define-function.ts";
import { dueInMs } from "./shared-sql.ts";

/**
 * Makes due jobs ready, and drops keys whose time is over, at most `p_limit` of each. Every worker asks on every beat, so it writes nothing, and has no
 * transaction id, when nothing is due. What others hold is skipped; it does not make the next due time 0, since asking again at once would not help.
 */
export const promoteJobs: string = defineFunction({
  signature: "{promote_jobs}(p_now timestamptz, p_limit bigint)",
  returns: "json",
  body: `
DECLARE
  v_now timestamptz := coalesce(p_now, clock_timestamp());
  v_job record;
  v_types text[] := '{}';
  v_next_due_at timestamptz;
BEGIN
  ${commitWithoutWaiting}
  IF EXISTS (SELECT FROM {job} AS job WHERE job.status = 'scheduled' AND job.scheduled_at <= v_now) THEN
    FOR v_job IN
      SELECT job.chain_id, job.chain_index, job.type FROM {job} AS job
      WHERE job.status = 'scheduled' AND job.scheduled_at <= v_now ORDER BY job.scheduled_at LIMIT p_limit FOR NO KEY UPDATE SKIP LOCKED
    LOOP
      UPDATE {job} SET status = 'ready', ready_at = v_now WHERE chain_id = v_job.chain_id AND chain_index = v_job.chain_index;
      v_types := array_append(v_types, v_job.type);
    END LOOP;
  END IF;
  IF EXISTS (SELECT FROM {deduplication} AS named WHERE named.expires_at <= v_now) THEN
    DELETE FROM {deduplication} WHERE ctid = ANY (ARRAY(
      SELECT named.ctid FROM {deduplication} AS named WHERE named.expires_at <= v_now ORDER BY named.expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED));
  END IF;
  SELECT job.scheduled_at INTO v_next_due_at FROM {job} AS job
  WHERE job.status = 'scheduled' AND job.scheduled_at > CASE WHEN cardinality(v_types) = p_limit THEN '-infinity' ELSE v_now END
  ORDER BY job.scheduled_at LIMIT 1;
  RETURN json_build_array((
      SELECT json_agg(json_build_array(of_type.type, of_type.job_count) ORDER BY of_type.type COLLATE "C")
      FROM (SELECT promoted.type, count(*) AS job_count FROM unnest(v_types) AS promoted (type) GROUP BY promoted.type) AS of_type),
    ${dueInMs("v_next_due_at")});
END`,
});
