import { defineFunction } from "./define-function.ts";
import { msBetween } from "./shared-sql.ts";

/**
 * Settles one completed attempt in the user's transaction, as most of them do. When it is the only job of its chain, nobody waits for the chain and
 * it has no key, one statement does it, and the answer is how long the chain was open, in ms; else the answer is that of the function for any.
 *
 * The statement waits for the row's lock, as the function for any does, and at READ COMMITTED looks again at a row that it waited for (traps B7, Q1, Q2).
 * The status is compared as an expression: plainly, it lets the planner take the index of running jobs, which on an empty table looks as good as the key.
 */
export const settleCompleted: string = defineFunction({
  signature: `{settle_completed}(p_worker_id uuid, p_now timestamptz, p_chain_id uuid, p_chain_index integer, p_claim_no integer, p_output text,
    p_own_trace text)`,
  returns: "json",
  body: `
DECLARE
  v_now timestamptz := coalesce(p_now, clock_timestamp());
  v_duration_ms bigint;
BEGIN
  UPDATE {job} AS job SET status = 'completed', hold = NULL, attempt = job.attempt + (job.hold IS NOT NULL)::integer, worker_id = NULL,
    completed_at = v_now, completed_by = p_worker_id, trace_context = coalesce(p_own_trace, job.trace_context), output = p_output, error = NULL,
    chain_status = 'completed', chain_closed_at = v_now
  WHERE job.chain_id = p_chain_id AND job.chain_index = p_chain_index AND p_chain_index = 0 AND job.status || '' = 'running'
    AND job.worker_id = p_worker_id AND job.claim_no = p_claim_no AND job.dependents = 0 AND NOT job.is_keyed
  RETURNING ${msBetween("job.created_at", "v_now")} INTO v_duration_ms;
  IF FOUND THEN
    RETURN to_json(v_duration_ms);
  END IF;
  RETURN {settle_waiting}(p_worker_id, v_now, false, ARRAY[1], ARRAY[p_chain_id], ARRAY[p_chain_index], ARRAY[p_claim_no], ARRAY['completed'],
    ARRAY[p_output], ARRAY[p_own_trace], '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}');
END`,
});
