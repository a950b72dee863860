import { defineFunction } from "./define-function.ts";

/**
 * One end of the edges that the outermost chains stand at the other of. More of them than fit into the graph are never needed. The order is asked
 * for outside: an index that has it would be walked as a whole.
 */
const neighbours = (column: string, nearColumn: string, isWaiting: boolean): string => `
  SELECT neighbour.chain_id, ${isWaiting} AS is_waiting FROM unnest(v_outermost) AS near (chain_id) CROSS JOIN LATERAL (
    SELECT DISTINCT edge.chain_id FROM (
      SELECT edge.${column} AS chain_id FROM {job_blocker} AS edge WHERE edge.${nearColumn} = near.chain_id OFFSET 0) AS edge
    ORDER BY edge.chain_id LIMIT p_limit + 1) AS neighbour`;

/** Walks from a chain to its neighbours, theirs, and so on, and stops at `p_depth` steps or `p_limit` chains. NULL for a chain that is not there. */
export const chainGraph: string = defineFunction({
  signature: "{chain_graph}(p_chain_id uuid, p_depth integer, p_limit integer)",
  returns: "json",
  isRead: true,
  body: `
DECLARE
  v_chain_ids uuid[] := ARRAY[p_chain_id];
  v_outermost uuid[] := v_chain_ids;
  v_found uuid[];
  v_room integer;
  v_is_truncated boolean := false;
BEGIN
  IF NOT EXISTS (SELECT FROM {job} AS job WHERE job.chain_id = p_chain_id AND job.chain_index = 0) THEN
    RETURN NULL;
  END IF;
  FOR v_distance IN 1 .. p_depth + 1 LOOP
    v_found := ARRAY(
      SELECT near.chain_id FROM (${neighbours("blocked_by_chain_id", "chain_id", false)} UNION ALL ${neighbours("chain_id", "blocked_by_chain_id", true)}) AS near
      GROUP BY near.chain_id HAVING near.chain_id <> ALL (v_chain_ids) ORDER BY bool_and(near.is_waiting), near.chain_id);
    v_room := CASE WHEN v_distance > p_depth THEN 0 ELSE p_limit - cardinality(v_chain_ids) END;
    v_is_truncated := cardinality(v_found) > v_room;
    v_outermost := v_found[:v_room];
    v_chain_ids := v_chain_ids || v_outermost;
    EXIT WHEN v_is_truncated OR cardinality(v_outermost) = 0;
  END LOOP;
  RETURN json_build_array({read_chains}(v_chain_ids, false), (
    SELECT json_agg(json_build_array(edge.chain_id, edge.chain_index, edge.slot, edge.ordinal, edge.blocked_by_chain_id)
      ORDER BY edge.chain_id, edge.chain_index, edge.slot COLLATE "C", edge.ordinal)
    FROM unnest(v_chain_ids) AS waiting (chain_id)
    CROSS JOIN LATERAL (SELECT edge.* FROM {job_blocker} AS edge WHERE edge.chain_id = waiting.chain_id OFFSET 0) AS edge
    WHERE edge.blocked_by_chain_id = ANY (v_chain_ids)), v_is_truncated);
END`,
});
