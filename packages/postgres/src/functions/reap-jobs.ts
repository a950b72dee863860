import { defineFunction } from "./define-function.ts";
import { msBetween } from "./shared-sql.ts";

const isRunning = "job.status = 'running'";
const isKnown = "job.type = ANY (p_types)";
const key = "job.chain_id, job.chain_index, job.worker_id, job.claim_no";

/**
 * Running jobs whose worker has no row (the backstop of decision 0003): those between two neighbouring workers. The entries of workers that are there, and
 * may be many and dead, are never stepped over.
 */
const orphans = `
      SELECT job.* FROM (
        SELECT known.worker_id AS low, lead(known.worker_id, 1, 'ffffffff-ffff-ffff-ffff-ffffffffffff') OVER (ORDER BY known.worker_id) AS high
        FROM (SELECT worker.worker_id FROM {worker} AS worker UNION ALL SELECT '00000000-0000-0000-0000-000000000000') AS known) AS gap
      CROSS JOIN LATERAL (
        SELECT ${key} FROM {job} AS job WHERE ${isRunning} AND ${isKnown} AND job.worker_id > gap.low AND job.worker_id < gap.high OFFSET 0) AS job`;

/**
 * Takes the jobs of workers that are gone, at most `p_limit`. Expired workers are locked first and their jobs by a later statement, which sees what they
 * claimed before: a worker claims under a lock of its own row. A worker's row goes when nothing of it is left, not even what others hold.
 *
 * What others hold is skipped: a user's transaction may be about to settle the very job. Every worker asks on every beat, so nothing is written
 * or locked, and no transaction id is taken, when there is nothing to do; NULL is answered then.
 */
const reapJobs = defineFunction({
  signature:
    "{reap_jobs}(p_now timestamptz, p_limit bigint, p_types text[], p_attempt_maxes float8[], p_errors text[])",
  returns: "json",
  body: `
DECLARE
  v_now timestamptz := coalesce(p_now, clock_timestamp());
  v_dead_ids uuid[];
  v_job record;
  v_place integer;
  v_count bigint := 0;
  v_outcome json;
  v_reaped json[] := '{}';
  v_gone json;
BEGIN
  IF NOT {has_reapable}(v_now, p_types) THEN
    RETURN NULL;
  END IF;
  SELECT array_agg(dead.worker_id) INTO v_dead_ids FROM (
    SELECT worker.worker_id FROM {worker} AS worker WHERE worker.lease_until <= v_now ORDER BY worker.worker_id FOR UPDATE SKIP LOCKED) AS dead;
  FOR v_job IN
    SELECT taken.* FROM (
      SELECT own.* FROM (
        SELECT job.* FROM unnest(v_dead_ids) AS dead (worker_id)
        CROSS JOIN LATERAL (
          SELECT ${key} FROM {job} AS job WHERE ${isRunning} AND ${isKnown} AND job.worker_id = dead.worker_id OFFSET 0) AS job
        UNION ALL ${orphans}) AS lost
      CROSS JOIN LATERAL (
        SELECT ${key}, job.status, job.type, coalesce(job.chain_type, job.type) AS chain_type, job.hold, job.attempt, job.claimed_at FROM {job} AS job
        WHERE job.chain_id = lost.chain_id AND job.chain_index = lost.chain_index LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED) AS own
      WHERE own.status = 'running' AND own.worker_id = lost.worker_id AND own.claim_no = lost.claim_no
      LIMIT p_limit + 1) AS taken
    ORDER BY taken.chain_id, taken.chain_index
  LOOP
    v_count := v_count + 1;
    EXIT WHEN v_count > p_limit;
    v_place := array_position(p_types, v_job.type);
    v_outcome := {reap_job}(v_job.chain_id, v_job.chain_index, v_now, p_attempt_maxes[v_place], p_errors[v_place]);
    IF v_outcome IS NOT NULL THEN
      v_reaped := array_append(v_reaped, json_build_array(v_job.chain_id, v_job.chain_index, v_job.claim_no, v_job.type, v_job.chain_type,
        v_job.attempt + (v_job.hold IS NOT NULL)::integer, v_job.worker_id, v_outcome));
    END IF;
  END LOOP;
  WITH gone AS (
    DELETE FROM {worker} AS worker WHERE worker.worker_id = ANY (v_dead_ids)
      AND NOT EXISTS (SELECT FROM {job} AS job WHERE ${isRunning} AND job.worker_id = worker.worker_id)
    RETURNING worker.worker_id)
  SELECT json_agg(gone.worker_id ORDER BY gone.worker_id) INTO v_gone FROM gone;
  RETURN json_build_array(v_reaped, v_gone, v_count > p_limit);
END`,
});

/** Looks without a lock. Jobs of types that the caller does not know are not for it (trap A7). */
const hasReapable = defineFunction({
  signature: "{has_reapable}(p_now timestamptz, p_types text[])",
  returns: "boolean",
  isUnpinned: true,
  body: `
BEGIN
  RETURN EXISTS (
    SELECT FROM {worker} AS dead WHERE dead.lease_until <= p_now AND (
      EXISTS (SELECT FROM {job} AS job WHERE ${isRunning} AND job.worker_id = dead.worker_id AND ${isKnown})
      OR NOT EXISTS (SELECT FROM {job} AS job WHERE ${isRunning} AND job.worker_id = dead.worker_id)))
    OR EXISTS (${orphans});
END`,
});

/**
 * Gives a lost job back, its attempt counted if it had begun, or fails it. All that go back are suspect: a poison job must not alternate between
 * counted and held. Answers whether it failed and how long its chain was open; NULL when the root is held by others, and so the job is left for another time.
 */
const reapJob = defineFunction({
  signature:
    "{reap_job}(p_chain_id uuid, p_chain_index integer, p_now timestamptz, p_attempt_max float8, p_error text)",
  returns: "json",
  isUnpinned: true,
  body: `
DECLARE
  v_job record;
  v_root record;
  v_is_failed boolean;
BEGIN
  SELECT job.hold, job.attempt, job.claim_no, job.worker_id, job.claimed_at INTO v_job FROM {job} AS job
  WHERE job.chain_id = p_chain_id AND job.chain_index = p_chain_index;
  v_is_failed := v_job.hold IS NULL AND v_job.attempt >= p_attempt_max;
  IF v_is_failed THEN
    SELECT ${msBetween("root.created_at", "p_now")} AS duration_ms INTO v_root FROM {job} AS root
    WHERE root.chain_id = p_chain_id AND root.chain_index = 0 FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
      RETURN NULL;
    END IF;
  END IF;
  IF v_job.hold IS NULL THEN
    -- Nobody knows what ended it.
    INSERT INTO {attempt_failure} (chain_id, chain_index, claim_no, attempt, worker_id, outcome, started_at, ended_at)
    VALUES (p_chain_id, p_chain_index, v_job.claim_no, v_job.attempt, v_job.worker_id, 'lost', v_job.claimed_at, p_now);
    IF v_job.claim_no > 25 THEN
      PERFORM {trim_failures}(p_chain_id, p_chain_index);
    END IF;
  END IF;
  IF v_is_failed THEN
    PERFORM {end_job}(p_chain_id, p_chain_index, p_now, 'failed', NULL, p_error, NULL);
    PERFORM {close_chain}(p_chain_id, p_now, 'failed');
    RETURN json_build_array('failed', v_root.duration_ms);
  END IF;
  UPDATE {job} SET status = 'ready', hold = 'suspect', worker_id = NULL, completed_by = NULL, ready_at = p_now
  WHERE chain_id = p_chain_id AND chain_index = p_chain_index;
  RETURN json_build_array('released');
END`,
});

export const reap: readonly string[] = [reapJobs, hasReapable, reapJob];
