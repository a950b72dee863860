import { defineFunction } from "./define-function.ts";

/** Chains to be ended, one array for each property. The blockers of continuations stand in one list; each item says where its own begin and end. */
const itemParameters = `p_chain_ids uuid[], p_types text[], p_kinds text[], p_payloads text[], p_traces text[], p_next_types text[],
    p_priorities smallint[], p_delays float8[], p_instants float8[], p_next_traces text[], p_blocker_firsts integer[], p_blocker_lasts integer[],
    p_blocker_slots text[], p_blocker_ordinals integer[], p_blocker_ids uuid[]`;

/** Jobs that wait for a chain that may complete. While its root is held, no other begins to. */
const lockDependants = `
  PERFORM FROM (
    SELECT DISTINCT edge.chain_id, edge.chain_index
    FROM unnest(p_chain_ids, p_kinds) AS item (chain_id, kind)
    CROSS JOIN LATERAL (SELECT job.chain_status FROM {job} AS job WHERE job.chain_id = item.chain_id AND job.chain_index = 0 LIMIT 1) AS root
    CROSS JOIN LATERAL (SELECT blocker.chain_id, blocker.chain_index FROM {job_blocker} AS blocker
      WHERE blocker.blocked_by_chain_id = item.chain_id OFFSET 0) AS edge
    WHERE item.kind = 'completed' AND root.chain_status = 'open' ORDER BY edge.chain_id, edge.chain_index) AS waiting
  CROSS JOIN LATERAL (
    SELECT FROM {job} AS job WHERE job.chain_id = waiting.chain_id AND job.chain_index = waiting.chain_index LIMIT 1 FOR NO KEY UPDATE) AS own;`;

/**
 * Ends the open job of each chain without a worker: all is locked first, in the order of the keys, and then the items are decided one after another, so that
 * each sees those before it. A worker that runs such a job finds out by the fence (`completedElsewhere`).
 *
 * Answers for each item the outcome and what belongs to it: chain status; type; place of the blocker and reason; or index, chain type, worker, and
 * duration and released jobs, or where the next job stands.
 */
const completeChains = defineFunction({
  signature: `{complete_chains}(p_now timestamptz, ${itemParameters})`,
  returns: "json",
  body: `
DECLARE
  v_now timestamptz := coalesce(p_now, clock_timestamp());
  v_root record;
  v_job record;
  v_blockers record;
  v_result json;
  v_results json[] := '{}';
BEGIN
  PERFORM {lock_chains}(p_chain_ids, p_blocker_ids);
  ${lockDependants}
  FOR v_n IN 1 .. cardinality(p_chain_ids) LOOP
    SELECT root.type, root.chain_status INTO v_root FROM {job} AS root WHERE root.chain_id = p_chain_ids[v_n] AND root.chain_index = 0;
    SELECT job.chain_index, job.type, job.status, job.worker_id INTO v_job FROM {job} AS job
    WHERE job.chain_id = p_chain_ids[v_n] ORDER BY job.chain_index DESC LIMIT 1;
    SELECT * INTO v_blockers FROM {find_blockers}(p_blocker_ids, p_blocker_firsts[v_n], p_blocker_lasts[v_n]);
    IF v_root.type IS NULL THEN
      v_result := json_build_array('notFound');
    ELSIF v_root.chain_status <> 'open' THEN
      v_result := json_build_array('notOpen', v_root.chain_status);
    ELSIF v_job.type <> p_types[v_n] THEN
      v_result := json_build_array('otherType', v_job.type);
    ELSIF v_job.status = 'blocked' THEN
      v_result := json_build_array('blocked');
    ELSIF v_blockers.reason IS NOT NULL THEN
      v_result := json_build_array('refused', v_blockers.place, v_blockers.reason);
    ELSE
      PERFORM {end_job}(p_chain_ids[v_n], v_job.chain_index, v_now, p_kinds[v_n], CASE p_kinds[v_n] WHEN 'completed' THEN p_payloads[v_n] END, NULL,
        p_traces[v_n]);
      v_result := json_build_array(p_kinds[v_n], v_job.chain_index, v_root.type, v_job.worker_id, CASE p_kinds[v_n]
        WHEN 'completed' THEN {close_chain}(p_chain_ids[v_n], v_now, 'completed')
        ELSE to_json({insert_next_job}(p_chain_ids[v_n], v_job.chain_index + 1, v_now, v_root.type, p_next_types[v_n], p_payloads[v_n],
          p_priorities[v_n], {due_at}(v_now, p_delays[v_n], p_instants[v_n]), p_next_traces[v_n], v_blockers.open_count,
          p_blocker_slots[p_blocker_firsts[v_n]:p_blocker_lasts[v_n]], p_blocker_ordinals[p_blocker_firsts[v_n]:p_blocker_lasts[v_n]],
          p_blocker_ids[p_blocker_firsts[v_n]:p_blocker_lasts[v_n]])) END);
    END IF;
    v_results := array_append(v_results, v_result);
  END LOOP;
  RETURN array_to_json(v_results);
END`,
});

/** Looks at some of the blockers: how many are open, and the first that cannot be waited for. A failed chain blocks on: a redrive may still complete it. */
const findBlockers = defineFunction({
  signature:
    "{find_blockers}(p_chain_ids uuid[], p_first integer, p_last integer, OUT open_count integer, OUT place integer, OUT reason text)",
  returns: "record",
  isUnpinned: true,
  body: `
BEGIN
  SELECT count(*) FILTER (WHERE root.chain_status IN ('open', 'failed')), min(n) FILTER (WHERE root.chain_status IS NULL OR root.chain_status = 'cancelled')
  INTO open_count, place
  FROM generate_series(p_first, p_last) AS blocker (n)
  LEFT JOIN LATERAL (
    SELECT job.chain_status FROM {job} AS job WHERE job.chain_id = p_chain_ids[blocker.n] AND job.chain_index = 0 LIMIT 1) AS root ON true;
  IF place IS NOT NULL THEN
    reason := CASE WHEN EXISTS (SELECT FROM {job} AS job WHERE job.chain_id = p_chain_ids[place] AND job.chain_index = 0) THEN 'cancelled' ELSE 'notFound' END;
  END IF;
END`,
});

/** Inserts the next job of a chain, and answers where it stands. The caller holds the locks of what it is to wait for. */
const insertNextJob = defineFunction({
  signature: `{insert_next_job}(p_chain_id uuid, p_chain_index integer, p_now timestamptz, p_chain_type text, p_type text, p_input text, p_priority smallint,
    p_due_at timestamptz, p_trace_context text, p_open_count integer, p_blocker_slots text[], p_blocker_ordinals integer[], p_blocker_ids uuid[])`,
  returns: "text",
  isUnpinned: true,
  body: `
DECLARE
  v_status text := CASE WHEN p_open_count > 0 THEN 'blocked' WHEN p_due_at > p_now THEN 'scheduled' ELSE 'ready' END;
BEGIN
  INSERT INTO {job} (chain_id, chain_index, type, chain_type, status, priority, created_at, scheduled_at, ready_at, open_blockers, blocker_count,
    trace_context, input)
  VALUES (p_chain_id, p_chain_index, p_type, p_chain_type, v_status, p_priority, p_now, p_due_at, CASE WHEN v_status = 'ready' THEN p_now END,
    p_open_count, cardinality(p_blocker_ids), p_trace_context, p_input);
  IF cardinality(p_blocker_ids) > 0 THEN
    PERFORM {insert_blockers}(p_chain_id, p_chain_index, p_blocker_slots, p_blocker_ordinals, p_blocker_ids);
  END IF;
  RETURN v_status;
END`,
});

export const completions: readonly string[] = [completeChains, findBlockers, insertNextJob];
