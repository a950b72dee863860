import { defineFunction } from "./define-function.ts";
import { claimedJob, isAt } from "./shared-sql.ts";

/**
 * What is to be claimed. Each type has its limit and its probes, `first` to `last` in the arrays of probes; a probe looks at priorities from `low`
 * to `high`, beginning at an instant within `low`.
 */
export const claimParameters = `p_claim_types text[], p_limits integer[], p_firsts integer[], p_lasts integer[],
  p_lows smallint[], p_highs smallint[], p_from timestamptz[], p_slots bigint, p_ahead bigint`;

/**
 * Takes ready jobs for a worker whose lease is live, type by type until there is no more room: a walk along the index that stops where the room
 * ends, locks what it takes and skips what others hold (traps C8, C8b). It begins at the row comparison's place in the index, so it does not
 * step over what was claimed before and cannot be cleaned up while some transaction is held open (trap C7).
 *
 * Answers the jobs, NULL for none, and how many they are. Suspect jobs come first and are counted at once; of the others, those that have a slot.
 */
export const claimJobs: string = defineFunction({
  signature: `{claim_jobs}(p_worker_id uuid, p_now timestamptz, ${claimParameters}, OUT claimed json, OUT claimed_count integer)`,
  returns: "record",
  isUnpinned: true,
  body: `
DECLARE
  v_chain_ids uuid[];
  v_indexes integer[];
  v_is_started boolean[];
BEGIN
  SELECT array_agg(taken.chain_id), array_agg(taken.chain_index), array_agg(taken.place <= p_slots OR taken.is_suspect)
  INTO v_chain_ids, v_indexes, v_is_started
  FROM (
    SELECT found.*, row_number() OVER (ORDER BY found.is_suspect DESC, found.n) AS place
    FROM (
      SELECT ready.chain_id, ready.chain_index, ready.hold IS NOT NULL AS is_suspect, row_number() OVER () AS n
      FROM (
        SELECT of_type.chain_id, of_type.chain_index, of_type.hold
        FROM unnest(p_claim_types, p_limits, p_firsts, p_lasts) AS wanted (type, most, first, last)
        CROSS JOIN LATERAL (
          SELECT job.chain_id, job.chain_index, job.hold
          FROM generate_series(wanted.first, wanted.last) AS probe (n)
          CROSS JOIN LATERAL (
            SELECT job.chain_id, job.chain_index, job.hold FROM {job} AS job
            WHERE job.status = 'ready' AND job.type = wanted.type
              AND (job.priority, job.ready_at) >= (p_lows[probe.n], p_from[probe.n]) AND job.priority <= p_highs[probe.n]
            ORDER BY job.priority, job.ready_at LIMIT wanted.most FOR NO KEY UPDATE SKIP LOCKED) AS job
          LIMIT wanted.most) AS of_type
        WHERE NOT EXISTS (SELECT FROM {job_type} AS paused WHERE paused.type = wanted.type AND paused.is_paused)
        LIMIT p_slots + p_ahead) AS ready) AS found) AS taken;
  claimed_count := coalesce(cardinality(v_chain_ids), 0);
  IF claimed_count = 0 THEN
    RETURN;
  END IF;
  WITH job AS (
    UPDATE {job} AS job SET status = 'running', hold = CASE WHEN taken.is_started THEN NULL ELSE 'held' END,
      attempt = job.attempt + taken.is_started::integer, claim_no = job.claim_no + 1, worker_id = p_worker_id, claimed_at = p_now, progress = NULL
    FROM unnest(v_chain_ids, v_indexes, v_is_started) WITH ORDINALITY AS taken (chain_id, chain_index, is_started, place)
    WHERE ${isAt("taken.chain_id", "taken.chain_index")}
    RETURNING job.*, taken.place)
  SELECT json_agg(${claimedJob} ORDER BY job.place) INTO claimed FROM job;
END`,
});
