import { defineFunction } from "./define-function.ts";
import { isRootOf } from "./shared-sql.ts";

/** What several functions do the same way. */
export const parts: readonly string[] = [
  // A chain that can never open again gives up its key, now or when its time is over.
  defineFunction({
    signature: "{give_up_keys}(p_chain_ids uuid[], p_now timestamptz)",
    returns: "void",
    isUnpinned: true,
    body: `
BEGIN
  DELETE FROM {deduplication} WHERE chain_id = ANY (p_chain_ids) AND (kept_until IS NULL OR kept_until <= p_now);
  UPDATE {deduplication} SET expires_at = kept_until WHERE chain_id = ANY (p_chain_ids) AND kept_until < 'infinity';
END`,
  }),

  // The first failure and the newest 24 stay (trap E2).
  defineFunction({
    signature: "{trim_failures}(p_chain_id uuid, p_chain_index integer)",
    returns: "void",
    isUnpinned: true,
    body: `
BEGIN
  DELETE FROM {attempt_failure} AS failure WHERE failure.chain_id = p_chain_id AND failure.chain_index = p_chain_index
    AND failure.claim_no > (
      SELECT oldest.claim_no FROM {attempt_failure} AS oldest
      WHERE oldest.chain_id = p_chain_id AND oldest.chain_index = p_chain_index ORDER BY oldest.claim_no LIMIT 1)
    AND failure.claim_no <= (
      SELECT kept.claim_no FROM {attempt_failure} AS kept
      WHERE kept.chain_id = p_chain_id AND kept.chain_index = p_chain_index ORDER BY kept.claim_no DESC OFFSET 24 LIMIT 1);
END`,
  }),

  // The caller holds the locks of the blocking roots. Each edge is counted there, so that a closer sees how many to look for.
  defineFunction({
    signature:
      "{insert_blockers}(p_chain_id uuid, p_chain_index integer, p_slots text[], p_ordinals integer[], p_blocker_ids uuid[])",
    returns: "void",
    isUnpinned: true,
    body: `
BEGIN
  INSERT INTO {job_blocker} (chain_id, chain_index, slot, ordinal, blocked_by_chain_id)
  SELECT p_chain_id, p_chain_index, b.slot, b.ordinal, b.chain_id FROM unnest(p_slots, p_ordinals, p_blocker_ids) AS b (slot, ordinal, chain_id);
  UPDATE {job} AS job SET dependents = job.dependents + b.edge_count
  FROM (SELECT b.chain_id, count(*)::integer AS edge_count FROM unnest(p_blocker_ids) AS b (chain_id) GROUP BY b.chain_id) AS b
  WHERE ${isRootOf("b.chain_id", "b.edge_count")};
END`,
  }),
];
