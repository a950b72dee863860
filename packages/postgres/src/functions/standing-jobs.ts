import { defineFunction } from "./define-function.ts";

/** What happens to the job at which a chain stands, `v_job`: index, type and status. */
interface StandingJobChange {
  readonly signature: string;
  /** The instant at which a job is due, where the change gives it one: `v_due_at`. */
  readonly due?: string;
  readonly isPossible: string;
  /** The status that the job has afterwards: `v_status`. */
  readonly status: string;
  readonly statements: string;
}

/**
 * Defines a function that changes the job at which each chain stands, its last. Answers index, type and status for each that was changed, an empty
 * list for one whose job cannot be, and NULL for one that is not there.
 */
export function changeStandingJobs(change: StandingJobChange): string {
  const { signature, due = "NULL", isPossible, status, statements } = change;
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
      ${statements}
      v_results := array_append(v_results, json_build_array(v_job.chain_index, v_job.type, v_status));
    ELSE
      v_results := array_append(v_results, json_build_array());
    END IF;
  END LOOP;
  RETURN array_to_json(v_results);
END`,
  });
}
