import { spentJobStatuses } from "queuert/adapter";

import { defineFunction } from "./define-function.ts";

const spent = spentJobStatuses.map((status) => `'${status}'`).join(", ");

/** The most chains that one call passes over, so that it is short, too, when little can go. */
const passedCountMax = 500;

/** The next roots on the walk of a rule, and whether they are due. Among the completed ones stand those of other chains. */
const walkOn = (source: string): string => `
      SELECT root.chain_id, root.chain_status = p_statuses[v_n] AND (root.chain_id < v_surplus_below
        OR root.chain_id < v_aged_below AND root.chain_closed_at <= v_closed_until) AS is_due
      FROM {job} AS root WHERE ${source} AND root.chain_id > p_after AND root.chain_id < greatest(v_surplus_below, v_aged_below)
      ORDER BY root.chain_id LIMIT ${passedCountMax}`;

/** Most chains complete: they are found by the key, so that their end is not written into one more index in the order of ids. The few others have one. */
const completedRoots = "root.chain_index = 0";
const otherRoots =
  "root.chain_status IN ('failed', 'cancelled') AND root.chain_status = p_statuses[v_n]";

/** The smallest id among the greatest of a status; all that are below it are too many. */
const oldestKept = (source: string): string => `
        SELECT root.chain_id FROM {job} AS root WHERE ${source} AND root.chain_status = p_statuses[v_n]
        ORDER BY root.chain_id DESC OFFSET p_counts[v_n] - 1 LIMIT 1`;

/**
 * Deletes closed chains that no rule keeps and nobody needs, in the order of their ids, from `p_after` on. Each rule is a status with an age, a count
 * or both. Answers the chains, and the id after which the next call goes on; NULL at the end of all that can be due.
 */
const retireChains = defineFunction({
  signature:
    "{retire_chains}(p_now timestamptz, p_after uuid, p_limit integer, p_statuses text[], p_ages float8[], p_counts integer[])",
  returns: "json",
  body: `
DECLARE
  c_nil CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
  c_end CONSTANT uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_now timestamptz := coalesce(p_now, clock_timestamp());
  v_closed_until timestamptz;
  v_aged_below uuid;
  v_surplus_below uuid;
  v_ids uuid[] := '{}';
  v_is_due boolean[] := '{}';
  v_more_ids uuid[];
  v_more_due boolean[];
  v_retired json;
  v_all json[] := '{}';
  v_ended_at uuid;
BEGIN
  FOR v_n IN 1 .. cardinality(p_statuses) LOOP
    v_closed_until := v_now - p_ages[v_n] * interval '1 millisecond';
    -- What closed by then was started by then, so the walk ends here and not with the history.
    v_aged_below := CASE WHEN v_closed_until >= to_timestamp(0) THEN (
      lpad(to_hex(floor(date_part('epoch', v_closed_until) * 1000)::bigint + 1), 12, '0') || '70008000000000000000')::uuid ELSE c_nil END;
    v_surplus_below := CASE WHEN p_counts[v_n] = 0 THEN c_end ELSE c_nil END;
    IF p_counts[v_n] > 0 AND p_statuses[v_n] = 'completed' THEN
      v_surplus_below := coalesce((${oldestKept(completedRoots)}), c_nil);
    ELSIF p_counts[v_n] > 0 THEN
      v_surplus_below := coalesce((${oldestKept(otherRoots)}), c_nil);
    END IF;
    IF p_statuses[v_n] = 'completed' THEN
      SELECT array_agg(passed.chain_id), array_agg(passed.is_due) INTO v_more_ids, v_more_due FROM (${walkOn(completedRoots)}) AS passed;
    ELSE
      SELECT array_agg(passed.chain_id), array_agg(passed.is_due) INTO v_more_ids, v_more_due FROM (${walkOn(otherRoots)}) AS passed;
    END IF;
    v_ids := v_ids || v_more_ids;
    v_is_due := v_is_due || v_more_due;
  END LOOP;

  SELECT array_agg(passed.chain_id), array_agg(passed.is_due) INTO v_ids, v_is_due
  FROM (
    SELECT passed.chain_id, bool_or(passed.is_due) AS is_due FROM unnest(v_ids, v_is_due) AS passed (chain_id, is_due)
    GROUP BY passed.chain_id ORDER BY passed.chain_id LIMIT ${passedCountMax}) AS passed;
  v_ended_at := v_ids[${passedCountMax}];
  FOR v_n IN 1 .. coalesce(cardinality(v_ids), 0) LOOP
    CONTINUE WHEN v_is_due[v_n] IS NOT TRUE;
    v_retired := {retire_chain}(v_ids[v_n], v_now);
    CONTINUE WHEN v_retired IS NULL;
    v_all := v_all || v_retired;
    IF cardinality(v_all) = p_limit THEN
      v_ended_at := v_ids[v_n];
      EXIT;
    END IF;
  END LOOP;
  RETURN json_build_array(v_all, v_ended_at);
END`,
});

/** Leaves a chain, and answers NULL, when it is needed, open again, or not to be locked at once with all that its deletion writes. */
const retireChain = defineFunction({
  signature: "{retire_chain}(p_chain_id uuid, p_now timestamptz)",
  returns: "json",
  isUnpinned: true,
  body: `
DECLARE
  v_last_index integer;
  v_root record;
BEGIN
  SELECT job.chain_index INTO v_last_index FROM {job} AS job WHERE job.chain_id = p_chain_id ORDER BY job.chain_index DESC LIMIT 1;
  PERFORM FROM {job} AS job WHERE job.chain_id = p_chain_id AND job.chain_index = v_last_index FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  SELECT root.type, root.chain_status, root.dependents, root.is_keyed INTO v_root FROM {job} AS root
  WHERE root.chain_id = p_chain_id AND root.chain_index = 0 FOR UPDATE SKIP LOCKED;
  IF NOT FOUND OR v_root.chain_status = 'open' THEN
    RETURN NULL;
  END IF;
  -- By reads that follow the lock: a start that names the chain was seen, or finds it missing (traps B7, C2).
  IF v_root.dependents > 0 AND EXISTS (
    SELECT FROM {job_blocker} AS edge CROSS JOIN LATERAL (
      SELECT job.status FROM {job} AS job WHERE job.chain_id = edge.chain_id AND job.chain_index = edge.chain_index LIMIT 1) AS waiter
    WHERE edge.blocked_by_chain_id = p_chain_id AND waiter.status NOT IN (${spent})) THEN
    RETURN NULL;
  END IF;
  IF v_root.is_keyed AND EXISTS (
    SELECT FROM {deduplication} AS named LEFT JOIN LATERAL (
      SELECT own.chain_id FROM {deduplication} AS own WHERE own.type = named.type AND own.key = named.key LIMIT 1 FOR UPDATE SKIP LOCKED) AS own ON true
    WHERE named.chain_id = p_chain_id AND (own.chain_id IS NULL OR named.kept_until > p_now AND named.kept_until < 'infinity')) THEN
    RETURN NULL;
  END IF;
  IF EXISTS (
    SELECT FROM (SELECT DISTINCT blocker.blocked_by_chain_id AS id FROM {job_blocker} AS blocker
      WHERE blocker.chain_id = p_chain_id ORDER BY blocker.blocked_by_chain_id) AS blocking
    LEFT JOIN LATERAL (SELECT root.chain_id FROM {job} AS root
      WHERE root.chain_id = blocking.id AND root.chain_index = 0 LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED) AS own ON true
    WHERE own.chain_id IS NULL AND EXISTS (SELECT FROM {job} AS root WHERE root.chain_id = blocking.id AND root.chain_index = 0)) THEN
    RETURN NULL;
  END IF;
  -- Jobs that are over name it no more: a later chain with the same id is not theirs.
  DELETE FROM {job_blocker} WHERE blocked_by_chain_id = p_chain_id;
  PERFORM {delete_chain_rows}(ARRAY[p_chain_id]);
  RETURN json_build_array(p_chain_id, v_root.type, v_root.chain_status);
END`,
});

export const retirements: readonly string[] = [retireChains, retireChain];
