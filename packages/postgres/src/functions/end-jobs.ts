import { defineFunction } from "./define-function.ts";
import { msBetween } from "./shared-sql.ts";

/** How a job ends without the worker that may hold it. The caller holds the locks of the job, of its root, and of what waits for a chain that completes. */
export const endJobs: readonly string[] = [
  // Nobody settled it, so no repeat of a settlement may find its own name in the row.
  defineFunction({
    signature:
      "{end_job}(p_chain_id uuid, p_chain_index integer, p_now timestamptz, p_status text, p_output text, p_error text, p_trace_context text)",
    returns: "void",
    isUnpinned: true,
    body: `
BEGIN
  UPDATE {job} SET status = p_status, hold = NULL, worker_id = NULL, completed_at = p_now, completed_by = NULL, output = p_output, error = p_error,
    trace_context = coalesce(p_trace_context, trace_context)
  WHERE chain_id = p_chain_id AND chain_index = p_chain_index;
END`,
  }),

  // Answers how long the chain was open, and the jobs that its completion released.
  defineFunction({
    signature: "{close_chain}(p_chain_id uuid, p_now timestamptz, p_status text)",
    returns: "json",
    isUnpinned: true,
    body: `
DECLARE
  v_root record;
  v_released json;
BEGIN
  UPDATE {job} AS root SET chain_status = p_status, chain_closed_at = p_now WHERE root.chain_id = p_chain_id AND root.chain_index = 0
  RETURNING root.dependents, root.is_keyed, ${msBetween("root.created_at", "p_now")} AS duration_ms INTO v_root;
  -- A failed chain may open again, and keeps its key and those that wait for it.
  IF v_root.is_keyed AND p_status <> 'failed' THEN
    PERFORM {give_up_keys}(ARRAY[p_chain_id], p_now);
  END IF;
  IF v_root.dependents > 0 AND p_status = 'completed' THEN
    v_released := {release_dependants}(p_chain_id, p_now);
  END IF;
  RETURN json_build_array(v_root.duration_ms, v_released);
END`,
  }),

  // Counts a completed chain off at the jobs that wait for it (traps B7, B7b, Q1).
  defineFunction({
    signature: "{release_dependants}(p_chain_id uuid, p_now timestamptz)",
    returns: "json",
    isUnpinned: true,
    body: `
DECLARE
  v_edge record;
  v_job record;
  v_released json[];
BEGIN
  FOR v_edge IN
    SELECT edge.* FROM (
      SELECT blocker.chain_id, blocker.chain_index, count(*)::integer AS edge_count FROM {job_blocker} AS blocker
      WHERE blocker.blocked_by_chain_id = p_chain_id GROUP BY blocker.chain_id, blocker.chain_index) AS edge
    CROSS JOIN LATERAL (
      SELECT job.status FROM {job} AS job WHERE job.chain_id = edge.chain_id AND job.chain_index = edge.chain_index LIMIT 1) AS waiter
    WHERE waiter.status = 'blocked' ORDER BY edge.chain_id, edge.chain_index
  LOOP
    UPDATE {job} AS job SET open_blockers = job.open_blockers - v_edge.edge_count,
      status = CASE WHEN job.open_blockers > v_edge.edge_count THEN 'blocked' WHEN job.scheduled_at > p_now THEN 'scheduled' ELSE 'ready' END,
      ready_at = CASE WHEN job.open_blockers > v_edge.edge_count OR job.scheduled_at > p_now THEN NULL ELSE p_now END
    WHERE job.chain_id = v_edge.chain_id AND job.chain_index = v_edge.chain_index
    RETURNING job.type, job.status, ${msBetween("job.created_at", "p_now")} AS blocked_ms INTO v_job;
    IF v_job.status <> 'blocked' THEN
      v_released := array_append(v_released,
        json_build_array(v_edge.chain_id, v_edge.chain_index, v_job.type, v_job.status, v_job.blocked_ms));
    END IF;
  END LOOP;
  RETURN array_to_json(v_released);
END`,
  }),
];
