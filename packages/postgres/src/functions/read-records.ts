import { defineFunction } from "./define-function.ts";
import { inMs } from "./shared-sql.ts";

/** Chains in the order asked, NULL for those that are not there. `decodeChain` reads them in this order. */
export const readChains: string = defineFunction({
  signature: "{read_chains}(p_chain_ids uuid[], p_has_payload boolean)",
  returns: "json",
  isRead: true,
  body: `
BEGIN
  RETURN (
    SELECT json_agg(CASE WHEN root.chain_id IS NOT NULL THEN json_build_array(root.chain_id, root.type, root.chain_status, ${inMs("root.created_at")},
        ${inMs("root.chain_closed_at")}, last.chain_index, last.type, last.status,
        (SELECT json_object_agg(label.key, label.value) FROM {chain_label} AS label WHERE label.chain_id = root.chain_id),
        CASE WHEN p_has_payload AND root.chain_status <> 'open' THEN last.output END,
        CASE WHEN p_has_payload AND root.chain_status <> 'open' THEN last.error END) END ORDER BY asked.place)
    FROM unnest(p_chain_ids) WITH ORDINALITY AS asked (chain_id, place)
    LEFT JOIN LATERAL (
      SELECT job.chain_id, job.type, job.chain_status, job.created_at, job.chain_closed_at FROM {job} AS job
      WHERE job.chain_id = asked.chain_id AND job.chain_index = 0 LIMIT 1) AS root ON true
    LEFT JOIN LATERAL (
      SELECT job.chain_index, job.type, job.status, job.output, job.error FROM {job} AS job
      WHERE job.chain_id = asked.chain_id ORDER BY job.chain_index DESC LIMIT 1) AS last ON true);
END`,
});

/** Jobs in the order asked, NULL for those that are not there. `decodeJob` reads them in this order. */
export const readJobs: string = defineFunction({
  signature: "{read_jobs}(p_chain_ids uuid[], p_indexes integer[], p_has_payload boolean)",
  returns: "json",
  isRead: true,
  body: `
BEGIN
  RETURN (
    SELECT json_agg(CASE WHEN job.chain_id IS NOT NULL THEN json_build_array(job.chain_id, job.chain_index, job.type,
        coalesce(job.chain_type, job.type), job.status, job.priority, job.attempt, job.claim_no, ${inMs("job.created_at")}, ${inMs("job.scheduled_at")},
        ${inMs("job.ready_at")}, ${inMs("job.claimed_at")}, ${inMs("job.completed_at")}, job.worker_id, job.completed_by, job.open_blockers,
        job.dependents, job.trace_context, CASE WHEN p_has_payload THEN job.input END, CASE WHEN p_has_payload THEN job.output END,
        CASE WHEN p_has_payload THEN job.error END, CASE WHEN p_has_payload THEN job.progress END) END ORDER BY asked.place)
    FROM unnest(p_chain_ids, p_indexes) WITH ORDINALITY AS asked (chain_id, chain_index, place)
    LEFT JOIN LATERAL (
      SELECT job.* FROM {job} AS job WHERE job.chain_id = asked.chain_id AND job.chain_index = asked.chain_index LIMIT 1) AS job ON true);
END`,
});

/** The attempts of a job that did not succeed. `decodeAttempt` reads them in this order. */
export const listAttempts: string = defineFunction({
  signature: "{list_attempts}(p_chain_id uuid, p_index integer)",
  returns: "json",
  isRead: true,
  body: `
BEGIN
  RETURN (
    SELECT json_agg(json_build_array(failure.chain_id, failure.chain_index, failure.attempt, failure.claim_no, failure.worker_id, failure.outcome,
      ${inMs("failure.started_at")}, ${inMs("failure.ended_at")}, failure.error) ORDER BY failure.claim_no)
    FROM {attempt_failure} AS failure WHERE failure.chain_id = p_chain_id AND failure.chain_index = p_index);
END`,
});

/** Workers, oldest first. `decodeWorker` reads them in this order. */
export const listWorkers: string = defineFunction({
  signature: "{list_workers}(p_now timestamptz, p_limit integer)",
  returns: "json",
  isRead: true,
  body: `
DECLARE
  v_now timestamptz := coalesce(p_now, clock_timestamp());
BEGIN
  RETURN (
    SELECT json_agg(json_build_array(worker.worker_id, worker.name, worker.host, worker.pid, worker.types, worker.concurrency,
      ${inMs("worker.started_at")}, ${inMs("worker.lease_until")}, worker.lease_until > v_now,
      (SELECT count(*) FROM {job} AS job WHERE job.status = 'running' AND job.worker_id = worker.worker_id))
      ORDER BY worker.started_at, worker.worker_id)
    FROM (
      SELECT worker.* FROM {worker} AS worker ORDER BY worker.started_at, worker.worker_id LIMIT p_limit) AS worker);
END`,
});
