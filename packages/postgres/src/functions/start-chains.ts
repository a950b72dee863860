import { defineFunction } from "./define-function.ts";

/** Chains to be started, one array for each property; labels name their chain by its place. */
const chainParameters = `p_chain_ids uuid[], p_types text[], p_inputs text[], p_priorities smallint[], p_delays float8[], p_instants float8[],
  p_traces text[], p_is_unannounced boolean[], p_label_places integer[], p_label_keys text[], p_label_values text[]`;
const chainArguments = `p_chain_ids, p_types, p_inputs, p_priorities, p_delays, p_instants, p_traces, p_is_unannounced, p_label_places, p_label_keys,
  p_label_values`;

/**
 * Starts chains without keys and blockers: one insert. Answers NULL when all were inserted and none has a schedule, which is
 * most often so; else the same as {@link startChainsInTurn}.
 */
export const startChains: string = defineFunction({
  signature: `{start_chains}(p_now timestamptz, ${chainParameters})`,
  returns: "json",
  body: `
DECLARE
  v_now timestamptz := coalesce(p_now, clock_timestamp());
  v_inserted uuid[];
  v_statuses json;
BEGIN
  WITH inserted AS (
    INSERT INTO {job} AS job (chain_id, chain_index, type, status, priority, created_at, scheduled_at, ready_at, is_unannounced, chain_status,
      trace_context, input)
    SELECT s.chain_id, 0, s.type, CASE WHEN s.due_at > v_now THEN 'scheduled' ELSE 'ready' END, s.priority, v_now, s.due_at,
      CASE WHEN s.due_at > v_now THEN NULL ELSE v_now END, s.is_unannounced, 'open', s.trace_context, s.input
    FROM (
      SELECT s.*, {due_at}(v_now, s.delay_ms, s.instant_ms) AS due_at
      FROM unnest(p_chain_ids, p_types, p_inputs, p_priorities, p_delays, p_instants, p_traces, p_is_unannounced)
        AS s (chain_id, type, input, priority, delay_ms, instant_ms, trace_context, is_unannounced)) AS s
    ON CONFLICT (chain_id, chain_index) DO NOTHING
    RETURNING job.chain_id, job.status, job.trace_context)
  SELECT array_agg(inserted.chain_id), CASE WHEN cardinality(p_delays) > 0 THEN
      json_agg(json_build_array(inserted.chain_id, 'created', inserted.status, inserted.trace_context)) END
  INTO v_inserted, v_statuses FROM inserted;
  IF coalesce(cardinality(v_inserted), 0) < cardinality(p_chain_ids) THEN
    -- Some ids are taken. Which of them by the same type, and whether any is to be started at all, is decided one after another.
    DELETE FROM {job} AS job WHERE job.chain_id = ANY (v_inserted) AND job.chain_index = 0;
    RETURN {start_chains_in_turn}(v_now, ${chainArguments}, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}');
  END IF;
  IF cardinality(p_label_places) > 0 THEN
    INSERT INTO {chain_label} (chain_id, key, value)
    SELECT p_chain_ids[label.place], label.key, label.value
    FROM unnest(p_label_places, p_label_keys, p_label_values) AS label (place, key, value);
  END IF;
  RETURN v_statuses;
END`,
});

/**
 * Starts one chain without key, blockers, labels and schedule, as most are: one insert of given values, which has no plan that could go wrong. Answers NULL
 * when it was inserted; else the same as {@link startChainsInTurn}.
 */
export const startChain: string = defineFunction({
  signature:
    "{start_chain}(p_now timestamptz, p_chain_id uuid, p_type text, p_input text, p_priority smallint, p_trace text, p_is_unannounced boolean)",
  returns: "json",
  isUnpinned: true,
  body: `
DECLARE
  v_now timestamptz := coalesce(p_now, clock_timestamp());
BEGIN
  INSERT INTO {job} (chain_id, chain_index, type, status, priority, created_at, scheduled_at, ready_at, is_unannounced, chain_status, trace_context, input)
  VALUES (p_chain_id, 0, p_type, 'ready', p_priority, v_now, v_now, v_now, p_is_unannounced, 'open', p_trace, p_input)
  ON CONFLICT (chain_id, chain_index) DO NOTHING;
  IF FOUND THEN
    RETURN NULL;
  END IF;
  RETURN {start_chains_in_turn}(v_now, ARRAY[p_chain_id], ARRAY[p_type], ARRAY[p_input], ARRAY[p_priority], '{}', '{}', ARRAY[p_trace],
    ARRAY[p_is_unannounced], '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}');
END`,
});

/** Ends the block that undoes what a refused call has written. Nobody else raises it. */
const refusal = "QU001";

/** As `decideDeduplication` of core has it, under the lock of the key; where the chain may be changed, under that of its root too. */
const decideByKey = `
        SELECT named.chain_id INTO v_named FROM {deduplication} AS named WHERE named.type = p_types[v_n] AND named.key = p_keys[v_n];
        IF v_named.chain_id <> c_nil AND p_on_duplicates[v_n] <> 'keep' THEN
          PERFORM FROM {job} AS root WHERE root.chain_id = v_named.chain_id AND root.chain_index = 0 FOR NO KEY UPDATE;
        END IF;
        SELECT root.* INTO v_named FROM {job} AS root WHERE root.chain_id = v_named.chain_id AND root.chain_index = 0;
        v_decision := CASE
          WHEN NOT FOUND THEN 'create'
          WHEN p_scopes[v_n] = 'open' AND v_named.chain_status <> 'open' THEN 'create'
          WHEN p_windows[v_n] IS NOT NULL AND {due_at}(v_named.created_at, p_windows[v_n], NULL) <= v_now THEN 'create'
          WHEN p_on_duplicates[v_n] = 'keep' THEN 'kept'
          WHEN v_named.claim_no > 0 OR v_named.status NOT IN ('blocked', 'scheduled', 'ready') THEN 'kept'
          WHEN p_on_duplicates[v_n] = 'replace' THEN 'replaced'
          ELSE 'debounced'
        END;
        v_status := v_named.status;
        IF v_decision = 'replaced' THEN
          UPDATE {job} SET input = p_inputs[v_n], priority = p_priorities[v_n] WHERE chain_id = v_named.chain_id AND chain_index = 0;
        ELSIF v_decision = 'debounced' THEN
          v_status := CASE WHEN v_named.open_blockers > 0 THEN 'blocked' WHEN v_due_at > v_now THEN 'scheduled' ELSE 'ready' END;
          -- A job that is ready already keeps its place in the queue.
          UPDATE {job} SET input = p_inputs[v_n], priority = p_priorities[v_n], status = v_status, scheduled_at = v_due_at,
            ready_at = CASE WHEN v_status = 'ready' THEN coalesce(ready_at, v_now) END
          WHERE chain_id = v_named.chain_id AND chain_index = 0;
        END IF;
        IF v_decision <> 'create' THEN
          v_results := v_results || json_build_array(v_named.chain_id, v_decision, v_status, v_named.trace_context);
        END IF;`;

/**
 * Starts chains one after another, so that an item sees those before it. First it locks in order what the chains are to wait for, and then their
 * keys: an insert that meets the key waits for whoever holds it, and sees what became of it (trap F1). A key without a chain names the nil id.
 *
 * Answers [chain id, outcome, status] for each, or an object that says why nothing was started.
 */
export const startChainsInTurn: string = defineFunction({
  signature: `{start_chains_in_turn}(p_now timestamptz, ${chainParameters}, p_keys text[], p_scopes text[], p_windows float8[], p_on_duplicates text[],
    p_blocker_firsts integer[], p_blocker_lasts integer[], p_blocker_slots text[], p_blocker_ordinals integer[], p_blocker_ids uuid[])`,
  returns: "json",
  body: `
DECLARE
  c_nil CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
  v_now timestamptz := coalesce(p_now, clock_timestamp());
  v_results json[] := '{}';
  v_is_created boolean[] := '{}';
  v_detail text;
  v_type text;
  v_status text;
  v_trace text;
  v_due_at timestamptz;
  v_named record;
  v_decision text;
  v_blocker_ids uuid[];
  v_open_count integer;
  v_unusable json;
BEGIN
  BEGIN
    PERFORM FROM (SELECT DISTINCT b.chain_id FROM unnest(p_blocker_ids) AS b (chain_id) ORDER BY b.chain_id) AS b
    CROSS JOIN LATERAL (SELECT FROM {job} AS job WHERE job.chain_id = b.chain_id AND job.chain_index = 0 LIMIT 1 FOR NO KEY UPDATE) AS root;
    INSERT INTO {deduplication} (type, key, chain_id)
    SELECT DISTINCT s.type, s.key, c_nil FROM unnest(p_types, p_keys) AS s (type, key) WHERE s.key IS NOT NULL ORDER BY s.type, s.key
    -- Locks the row that is there, and writes nothing.
    ON CONFLICT (type, key) DO UPDATE SET key = excluded.key WHERE false;

    FOR v_n IN 1 .. cardinality(p_chain_ids) LOOP
      v_is_created[v_n] := false;
      SELECT job.type, job.status, job.trace_context INTO v_type, v_status, v_trace FROM {job} AS job WHERE job.chain_id = p_chain_ids[v_n] AND job.chain_index = 0;
      IF FOUND THEN
        IF v_type <> p_types[v_n] THEN
          RAISE SQLSTATE '${refusal}' USING DETAIL = json_build_object('chainId', p_chain_ids[v_n], 'existingType', v_type, 'type', p_types[v_n]);
        END IF;
        v_results := v_results || json_build_array(p_chain_ids[v_n], 'sameId', v_status, v_trace);
        CONTINUE;
      END IF;

      v_due_at := {due_at}(v_now, p_delays[v_n], p_instants[v_n]);
      IF p_keys[v_n] IS NOT NULL THEN
        ${decideByKey}
        IF v_decision <> 'create' THEN
          CONTINUE;
        END IF;
      END IF;

      v_blocker_ids := coalesce(p_blocker_ids[p_blocker_firsts[v_n]:p_blocker_lasts[v_n]], '{}');
      v_open_count := 0;
      IF cardinality(v_blocker_ids) > 0 THEN
        SELECT count(*) FILTER (WHERE root.chain_status IN ('open', 'failed')),
          (array_agg(json_build_object('blockerChainId', b.chain_id, 'reason', CASE WHEN root.chain_status IS NULL THEN 'notFound' ELSE 'cancelled' END)
            ORDER BY b.place) FILTER (WHERE root.chain_status IS NULL OR root.chain_status = 'cancelled'))[1]
        INTO v_open_count, v_unusable
        FROM unnest(v_blocker_ids) WITH ORDINALITY AS b (chain_id, place)
        LEFT JOIN LATERAL (SELECT job.chain_status FROM {job} AS job WHERE job.chain_id = b.chain_id AND job.chain_index = 0 LIMIT 1) AS root ON true;
        IF v_unusable IS NOT NULL THEN
          RAISE SQLSTATE '${refusal}' USING DETAIL = v_unusable;
        END IF;
      END IF;

      v_status := CASE WHEN v_open_count > 0 THEN 'blocked' WHEN v_due_at > v_now THEN 'scheduled' ELSE 'ready' END;
      INSERT INTO {job} (chain_id, chain_index, type, status, priority, created_at, scheduled_at, ready_at, open_blockers, blocker_count, is_keyed,
        is_unannounced, chain_status, trace_context, input)
      VALUES (p_chain_ids[v_n], 0, p_types[v_n], v_status, p_priorities[v_n], v_now, v_due_at, CASE WHEN v_status = 'ready' THEN v_now END,
        v_open_count, cardinality(v_blocker_ids), p_keys[v_n] IS NOT NULL, p_is_unannounced[v_n], 'open', p_traces[v_n], p_inputs[v_n])
      ON CONFLICT (chain_id, chain_index) DO NOTHING;
      IF NOT FOUND THEN
        -- Another call started it while this one looked: its commit has been waited for, and the whole is decided anew.
        RAISE serialization_failure USING MESSAGE = 'the chain id was taken by a concurrent start';
      END IF;
      IF cardinality(v_blocker_ids) > 0 THEN
        PERFORM {insert_blockers}(p_chain_ids[v_n], 0, p_blocker_slots[p_blocker_firsts[v_n]:p_blocker_lasts[v_n]],
          p_blocker_ordinals[p_blocker_firsts[v_n]:p_blocker_lasts[v_n]], v_blocker_ids);
      END IF;
      IF p_keys[v_n] IS NOT NULL THEN
        UPDATE {deduplication} SET chain_id = p_chain_ids[v_n], expires_at = NULL,
          kept_until = CASE WHEN p_scopes[v_n] = 'open' THEN NULL WHEN p_windows[v_n] IS NULL THEN 'infinity' ELSE {due_at}(v_now, p_windows[v_n], NULL) END
        WHERE type = p_types[v_n] AND key = p_keys[v_n];
      END IF;
      v_is_created[v_n] := true;
      v_results := v_results || json_build_array(p_chain_ids[v_n], 'created', v_status, p_traces[v_n]);
    END LOOP;

    IF cardinality(p_label_places) > 0 THEN
      INSERT INTO {chain_label} (chain_id, key, value)
      SELECT p_chain_ids[label.place], label.key, label.value
      FROM unnest(p_label_places, p_label_keys, p_label_values) AS label (place, key, value) WHERE v_is_created[label.place];
    END IF;
    IF cardinality(p_keys) > 0 THEN
      -- Keys that were taken for starts that the chain id had answered.
      DELETE FROM {deduplication} WHERE chain_id = c_nil;
    END IF;
  EXCEPTION WHEN SQLSTATE '${refusal}' THEN
    GET STACKED DIAGNOSTICS v_detail = PG_EXCEPTION_DETAIL;
    RETURN v_detail::json;
  END;
  RETURN array_to_json(v_results);
END`,
});
