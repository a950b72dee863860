import { commitWithoutWaiting, defineFunction } from "./define-function.ts";

/** A registration whose reply was lost may be repeated. */
export const registerWorker: string = defineFunction({
  signature:
    "{register_worker}(p_worker_id uuid, p_now timestamptz, p_name text, p_host text, p_pid bigint, p_types text, p_concurrency bigint, p_lease_ms float8)",
  returns: "json",
  body: `
DECLARE
  v_now timestamptz := coalesce(p_now, clock_timestamp());
BEGIN
  INSERT INTO {worker} (worker_id, name, host, pid, types, concurrency, started_at, lease_until)
  VALUES (p_worker_id, p_name, p_host, p_pid, p_types, p_concurrency, v_now, {due_at}(v_now, p_lease_ms, NULL))
  ON CONFLICT (worker_id) DO UPDATE SET name = excluded.name, host = excluded.host, pid = excluded.pid, types = excluded.types,
    concurrency = excluded.concurrency, started_at = excluded.started_at, lease_until = excluded.lease_until;
  RETURN NULL;
END`,
});

/**
 * Extends a live lease, and brings worker and database to agree on what the worker holds. It waits for no job: what somebody holds in a
 * transaction still belongs to the worker as far as anyone can see, and is compared at the next beat.
 *
 * Answers the places and reasons of the lost ones, and how many were given back; NULL when the lease is over.
 */
export const renew: string = defineFunction({
  signature: `{renew}(p_worker_id uuid, p_now timestamptz, p_lease_ms float8, p_held_ids uuid[], p_held_indexes integer[], p_held_claim_nos integer[],
    p_started_ids uuid[], p_started_indexes integer[], p_started_claim_nos integer[],
    p_progress_ids uuid[], p_progress_indexes integer[], p_progress_claim_nos integer[], p_progress_values text[])`,
  returns: "json",
  body: `
DECLARE
  v_now timestamptz := coalesce(p_now, clock_timestamp());
  v_lost json;
BEGIN
  ${commitWithoutWaiting}
  UPDATE {worker} SET lease_until = {due_at}(v_now, p_lease_ms, NULL) WHERE worker_id = p_worker_id AND lease_until > v_now;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  IF cardinality(p_started_ids) > 0 THEN
    PERFORM {note_started}(p_worker_id, p_started_ids, p_started_indexes, p_started_claim_nos);
  END IF;
  IF cardinality(p_progress_ids) > 0 THEN
    PERFORM {note_progress}(p_worker_id, p_progress_ids, p_progress_indexes, p_progress_claim_nos, p_progress_values);
  END IF;
  -- What the worker has settled itself is not lost: the settlement's own reply tells it, or that of its repeat.
  SELECT json_agg(json_build_array(held.place, CASE
      WHEN job.status IS NULL THEN 'deleted'
      WHEN job.status = 'cancelled' THEN 'cancelled'
      WHEN job.status IN ('completed', 'continued') AND job.completed_by IS NULL AND job.claim_no = held.claim_no THEN 'completedElsewhere'
      ELSE 'leaseLost' END) ORDER BY held.place)
  INTO v_lost
  FROM unnest(p_held_ids, p_held_indexes, p_held_claim_nos) WITH ORDINALITY AS held (chain_id, chain_index, claim_no, place)
  LEFT JOIN LATERAL (
    SELECT job.status, job.worker_id, job.completed_by, job.claim_no FROM {job} AS job
    WHERE job.chain_id = held.chain_id AND job.chain_index = held.chain_index LIMIT 1) AS job ON true
  WHERE NOT coalesce(job.claim_no = held.claim_no AND CASE job.status WHEN 'running' THEN job.worker_id ELSE job.completed_by END = p_worker_id, false);
  RETURN json_build_array(v_lost, {give_back}(p_worker_id, v_now, p_held_ids, p_held_indexes, p_held_claim_nos));
END`,
});

/** Writes what handlers say of their progress. What is locked is left out: the next value follows with the next beat. */
export const noteProgress: string = defineFunction({
  signature:
    "{note_progress}(p_worker_id uuid, p_chain_ids uuid[], p_indexes integer[], p_claim_nos integer[], p_values text[])",
  returns: "void",
  isUnpinned: true,
  body: `
DECLARE
  v_job record;
BEGIN
  FOR v_job IN
    SELECT s.chain_id, s.chain_index, s.value FROM unnest(p_chain_ids, p_indexes, p_claim_nos, p_values) AS s (chain_id, chain_index, claim_no, value)
    CROSS JOIN LATERAL (
      SELECT job.status, job.worker_id, job.claim_no FROM {job} AS job
      WHERE job.chain_id = s.chain_id AND job.chain_index = s.chain_index LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED) AS own
    WHERE own.status = 'running' AND own.worker_id = p_worker_id AND own.claim_no = s.claim_no
  LOOP
    UPDATE {job} SET progress = v_job.value WHERE chain_id = v_job.chain_id AND chain_index = v_job.chain_index;
  END LOOP;
END`,
});

/**
 * Gives back what a worker runs beyond the named attempts, uncounted, and answers how many. Nobody settled them, so no repeat of a settlement may find its
 * own name in the row. Locked ones stay: their transaction is about to settle them.
 */
export const giveBack: string = defineFunction({
  signature:
    "{give_back}(p_worker_id uuid, p_now timestamptz, p_kept_ids uuid[], p_kept_indexes integer[], p_kept_claim_nos integer[])",
  returns: "integer",
  isUnpinned: true,
  body: `
DECLARE
  v_job record;
  v_count integer := 0;
BEGIN
  FOR v_job IN
    SELECT unknown.chain_id, unknown.chain_index FROM (
      SELECT job.chain_id, job.chain_index, job.claim_no FROM {job} AS job
      WHERE job.status = 'running' AND job.worker_id = p_worker_id AND (job.chain_id, job.chain_index, job.claim_no) NOT IN (
        SELECT kept.chain_id, kept.chain_index, kept.claim_no
        FROM unnest(p_kept_ids, p_kept_indexes, p_kept_claim_nos) AS kept (chain_id, chain_index, claim_no))
      ORDER BY job.chain_id, job.chain_index) AS unknown
    CROSS JOIN LATERAL (
      SELECT job.status, job.worker_id, job.claim_no FROM {job} AS job
      WHERE job.chain_id = unknown.chain_id AND job.chain_index = unknown.chain_index LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED) AS own
    WHERE own.status = 'running' AND own.worker_id = p_worker_id AND own.claim_no = unknown.claim_no
  LOOP
    UPDATE {job} SET status = 'ready', attempt = attempt - (hold IS NULL)::integer, hold = NULL, worker_id = NULL, completed_by = NULL, ready_at = p_now
    WHERE chain_id = v_job.chain_id AND chain_index = v_job.chain_index;
    v_count := v_count + 1;
  END LOOP;
  RETURN v_count;
END`,
});

/**
 * Ends a worker without waiting for a user's transaction that settles one of its jobs, or that took a sticky continuation in its name (which locks the
 * worker's row as a claim does). While there is one, the worker's row stays, with a lease that is over: the reap takes what that transaction leaves.
 */
export const removeWorker: string = defineFunction({
  signature: "{remove_worker}(p_worker_id uuid, p_now timestamptz)",
  returns: "json",
  body: `
DECLARE
  v_now timestamptz := coalesce(p_now, clock_timestamp());
  v_is_alone boolean;
BEGIN
  UPDATE {worker} SET lease_until = v_now WHERE worker_id = p_worker_id AND lease_until > v_now;
  -- Before the jobs are looked for: what was claimed under this row has committed then.
  PERFORM FROM {worker} AS worker WHERE worker.worker_id = p_worker_id FOR UPDATE SKIP LOCKED;
  v_is_alone := FOUND;
  PERFORM {give_back}(p_worker_id, v_now, '{}', '{}', '{}');
  IF v_is_alone THEN
    DELETE FROM {worker} AS worker WHERE worker.worker_id = p_worker_id
      AND NOT EXISTS (SELECT FROM {job} AS job WHERE job.status = 'running' AND job.worker_id = p_worker_id);
  END IF;
  RETURN NULL;
END`,
});
