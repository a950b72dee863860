import { takeChains, takenItems, takenVariables, type HolderSearch } from "./close-over-holders.ts";
import { defineFunction } from "./define-function.ts";

/** Every edge counts, whatever became of its job. The chains that were waited for are written, too: they have one dependent less. */
const referring: HolderSearch = {
  edges:
    "{job_blocker} AS edge WHERE edge.blocked_by_chain_id = held.id AND edge.chain_id <> held.id",
  isConcerned: "true",
  rootIds: `ARRAY(
      SELECT DISTINCT edge.blocked_by_chain_id FROM {job_blocker} AS edge WHERE edge.chain_id = ANY (v_taken) ORDER BY edge.blocked_by_chain_id)`,
};

/**
 * Deletes chains with all that belongs to them, decided about as a whole: one that is deleted by the same call does not hold another back.
 * Answers for each chain its id, the outcome, and what belongs to it: chain type and worker; or those that name it as a blocker.
 */
const deleteChains = defineFunction({
  signature: "{delete_chains}(p_chain_ids uuid[], p_is_cascade boolean)",
  returns: "json",
  body: `
DECLARE
  ${takenVariables}
  v_results json;
BEGIN
  ${takeChains(referring)}
  SELECT json_agg(CASE
      WHEN item.is_taken AND item.is_first THEN json_build_array(item.id, 'deleted', root.type, last.worker_id)
      WHEN item.holders IS NOT NULL THEN json_build_array(item.id, 'referenced', item.holders)
      ELSE json_build_array(item.id, 'notFound') END ORDER BY item.place)
  INTO v_results
  FROM (
    SELECT found.*, row_number() OVER (PARTITION BY found.id ORDER BY found.place) = 1 AS is_first FROM (${takenItems}) AS found) AS item
  LEFT JOIN LATERAL (
    SELECT job.type FROM {job} AS job WHERE job.chain_id = item.id AND job.chain_index = 0 LIMIT 1) AS root ON true
  LEFT JOIN LATERAL (
    SELECT job.worker_id FROM {job} AS job WHERE job.chain_id = item.id ORDER BY job.chain_index DESC LIMIT 1) AS last ON true;
  PERFORM {delete_chain_rows}(v_taken);
  RETURN v_results;
END`,
});

/**
 * Deletes all that belongs to chains; the caller holds the locks of their last jobs, and of their roots and those of the chains that they name as blockers.
 * Edges of others that name the deleted ones are theirs, and left.
 */
const deleteChainRows = defineFunction({
  signature: "{delete_chain_rows}(p_chain_ids uuid[])",
  returns: "void",
  isUnpinned: true,
  body: `
DECLARE
  v_edge record;
BEGIN
  FOR v_edge IN
    SELECT blocker.blocked_by_chain_id AS chain_id, count(*)::integer AS edge_count FROM {job_blocker} AS blocker
    WHERE blocker.chain_id = ANY (p_chain_ids) GROUP BY blocker.blocked_by_chain_id
  LOOP
    UPDATE {job} SET dependents = dependents - v_edge.edge_count WHERE chain_id = v_edge.chain_id AND chain_index = 0;
  END LOOP;
  DELETE FROM {job_blocker} WHERE chain_id = ANY (p_chain_ids);
  DELETE FROM {attempt_failure} WHERE chain_id = ANY (p_chain_ids);
  DELETE FROM {chain_label} WHERE chain_id = ANY (p_chain_ids);
  DELETE FROM {deduplication} WHERE chain_id = ANY (p_chain_ids);
  DELETE FROM {job} WHERE chain_id = ANY (p_chain_ids);
END`,
});

export const deletions: readonly string[] = [deleteChains, deleteChainRows];
