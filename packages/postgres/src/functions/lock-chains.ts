import { defineFunction } from "./define-function.ts";

/** A chain that goes on this often while somebody waits for its last job does so without end. */
const stepCountMax = 100;

/**
 * Locks chains in the order of their ids, and waits for them: of `p_chain_ids` the last job and then the root, as settling does; of `p_root_ids` the root
 * alone. While both are held no chain goes on, closes or opens, and no job can begin or cease to wait for it.
 *
 * A continuation writes its own row and inserts the next; it does not write the root. So the row that was waited for may not be the
 * last any more: that is looked at again, by a statement that sees what has committed meanwhile.
 */
export const lockChains: string = defineFunction({
  signature: "{lock_chains}(p_chain_ids uuid[], p_root_ids uuid[])",
  returns: "void",
  isUnpinned: true,
  body: `
DECLARE
  v_chain_id uuid;
  v_has_last boolean;
  v_last_index integer;
BEGIN
  FOR v_chain_id, v_has_last IN
    SELECT named.chain_id, bool_or(named.has_last) FROM (
      SELECT chain.id, true FROM unnest(p_chain_ids) AS chain (id)
      UNION ALL SELECT root.id, false FROM unnest(p_root_ids) AS root (id)) AS named (chain_id, has_last)
    GROUP BY named.chain_id ORDER BY named.chain_id
  LOOP
    IF v_has_last THEN
      FOR v_step IN 1 .. ${stepCountMax} LOOP
        SELECT job.chain_index INTO v_last_index FROM {job} AS job WHERE job.chain_id = v_chain_id
        ORDER BY job.chain_index DESC LIMIT 1 FOR NO KEY UPDATE;
        EXIT WHEN NOT EXISTS (SELECT FROM {job} AS job WHERE job.chain_id = v_chain_id AND job.chain_index > coalesce(v_last_index, -1));
        IF v_step = ${stepCountMax} THEN
          RAISE serialization_failure USING MESSAGE = 'the chain went on whenever its last job was to be locked';
        END IF;
      END LOOP;
    END IF;
    PERFORM FROM {job} AS job WHERE job.chain_id = v_chain_id AND job.chain_index = 0 FOR NO KEY UPDATE;
  END LOOP;
END`,
});
