import { takeChains, takenItems, takenVariables, type HolderSearch } from "./close-over-holders.ts";
import { defineFunction } from "./define-function.ts";

/** A job that has ceased to wait, or never did, keeps its edges and holds on to nothing. */
const waiting: HolderSearch = {
  edges: `{job_blocker} AS edge
      CROSS JOIN LATERAL (SELECT waiter.status FROM {job} AS waiter
        WHERE waiter.chain_id = edge.chain_id AND waiter.chain_index = edge.chain_index LIMIT 1) AS waiter
      WHERE edge.blocked_by_chain_id = held.id AND edge.chain_id <> held.id AND waiter.status = 'blocked'`,
  isConcerned: "root.chain_status = 'open'",
  rootIds: "'{}'::uuid[]",
};

/**
 * Cancels open chains, decided about as a whole: one that is cancelled by the same call keeps nobody waiting. Answers for each chain its id, the
 * outcome, and what belongs to it: chain type, duration, index, job type and worker; or those that wait for it.
 */
export const cancelChains: string = defineFunction({
  signature:
    "{cancel_chains}(p_now timestamptz, p_chain_ids uuid[], p_is_cascade boolean, p_reason text)",
  returns: "json",
  body: `
DECLARE
  v_now timestamptz := coalesce(p_now, clock_timestamp());
  ${takenVariables}
  v_item record;
  v_root record;
  v_job record;
  v_result json;
  v_results json[] := '{}';
BEGIN
  ${takeChains(waiting)}
  FOR v_item IN ${takenItems} LOOP
    SELECT root.type, root.chain_status INTO v_root FROM {job} AS root WHERE root.chain_id = v_item.id AND root.chain_index = 0;
    IF v_root.type IS NULL THEN
      v_result := json_build_array(v_item.id, 'notFound');
    ELSIF v_item.is_taken AND v_root.chain_status = 'open' THEN
      SELECT job.chain_index, job.type, job.worker_id INTO v_job FROM {job} AS job
      WHERE job.chain_id = v_item.id ORDER BY job.chain_index DESC LIMIT 1;
      PERFORM {end_job}(v_item.id, v_job.chain_index, v_now, 'cancelled', NULL, p_reason, NULL);
      v_result := json_build_array(v_item.id, 'cancelled', v_root.type, {close_chain}(v_item.id, v_now, 'cancelled') -> 0,
        v_job.chain_index, v_job.type, v_job.worker_id);
    ELSIF v_item.holders IS NOT NULL THEN
      v_result := json_build_array(v_item.id, 'hasDependants', v_item.holders);
    ELSE
      v_result := json_build_array(v_item.id, 'alreadyClosed');
    END IF;
    v_results := array_append(v_results, v_result);
  END LOOP;
  RETURN array_to_json(v_results);
END`,
});
