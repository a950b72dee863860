import { defineFunction } from "./define-function.ts";

/**
 * Opens failed chains again. Their dependants wait on, and their edges stay as they are; who settled the failed job stays known, so that a repeat of
 * that settlement is. Answers index, type and status for each that was opened, an empty list for one that had not failed, and NULL for one that is not there.
 */
export const redriveChains: string = defineFunction({
  signature: "{redrive_chains}(p_now timestamptz, p_chain_ids uuid[])",
  returns: "json",
  body: `
DECLARE
  v_now timestamptz := coalesce(p_now, clock_timestamp());
  v_chain_id uuid;
  v_job record;
  v_results json[] := '{}';
BEGIN
  PERFORM {lock_chains}(p_chain_ids, '{}');
  FOREACH v_chain_id IN ARRAY p_chain_ids LOOP
    -- The job that failed is the last.
    SELECT job.chain_index, job.type, job.status INTO v_job FROM {job} AS job
    WHERE job.chain_id = v_chain_id ORDER BY job.chain_index DESC LIMIT 1;
    IF NOT FOUND THEN
      v_results := array_append(v_results, NULL);
    ELSIF v_job.status = 'failed' THEN
      UPDATE {job} SET status = 'ready', attempt = 0, ready_at = v_now, completed_at = NULL
      WHERE chain_id = v_chain_id AND chain_index = v_job.chain_index;
      UPDATE {job} SET chain_status = 'open', chain_closed_at = NULL WHERE chain_id = v_chain_id AND chain_index = 0;
      v_results := array_append(v_results, json_build_array(v_job.chain_index, v_job.type, 'ready'));
    ELSE
      v_results := array_append(v_results, json_build_array());
    END IF;
  END LOOP;
  RETURN array_to_json(v_results);
END`,
});
