import { defineFunction } from "./define-function.ts";

interface MoveDefinition {
  readonly signature: string;
  /** Of the job at which a chain stands, as `v_job`. */
  readonly isPossible: string;
  readonly due: string;
  readonly status: string;
}

/**
 * Gives the job at which each chain stands another time. Answers index, type and status for each that was moved, an empty list for one whose
 * job cannot be, and NULL for one that is not there.
 */
function moveChains({ signature, isPossible, due, status }: MoveDefinition): string {
  return defineFunction({
    signature,
    returns: "json",
    body: `
DECLARE
  v_now timestamptz := coalesce(p_now, clock_timestamp());
  v_due_at timestamptz := ${due};
  v_chain_id uuid;
  v_job record;
  v_status text;
  v_results json[] := '{}';
BEGIN
  PERFORM {lock_chains}(p_chain_ids, '{}');
  FOREACH v_chain_id IN ARRAY p_chain_ids LOOP
    SELECT job.chain_index, job.type, job.status INTO v_job FROM {job} AS job
    WHERE job.chain_id = v_chain_id ORDER BY job.chain_index DESC LIMIT 1;
    IF NOT FOUND THEN
      v_results := array_append(v_results, NULL);
    ELSIF ${isPossible} THEN
      v_status := ${status};
      -- One that stays ready keeps its place in the queue.
      UPDATE {job} SET status = v_status, scheduled_at = v_due_at, ready_at = CASE WHEN v_status = 'ready' THEN coalesce(ready_at, v_now) END
      WHERE chain_id = v_chain_id AND chain_index = v_job.chain_index;
      v_results := array_append(v_results, json_build_array(v_job.chain_index, v_job.type, v_status));
    ELSE
      v_results := array_append(v_results, json_build_array());
    END IF;
  END LOOP;
  RETURN array_to_json(v_results);
END`,
  });
}

export const triggerChains: string = moveChains({
  signature: "{trigger_chains}(p_now timestamptz, p_chain_ids uuid[])",
  isPossible: "v_job.status = 'scheduled'",
  due: "v_now",
  status: "'ready'",
});

/** One that waits for blockers goes on waiting. */
export const rescheduleChains: string = moveChains({
  signature:
    "{reschedule_chains}(p_now timestamptz, p_chain_ids uuid[], p_delay_ms float8, p_instant_ms float8)",
  isPossible: "v_job.status IN ('blocked', 'scheduled', 'ready')",
  due: "{due_at}(v_now, p_delay_ms, p_instant_ms)",
  status:
    "CASE WHEN v_job.status = 'blocked' THEN 'blocked' WHEN v_due_at > v_now THEN 'scheduled' ELSE 'ready' END",
});
