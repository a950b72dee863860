/** By which edges chains hold on to others, for an action that takes a set of chains. */
export interface HolderSearch {
  /** Edges, named `edge`, by which other chains hold on to the chain `held`: what stands after FROM. */
  readonly edges: string;
  /** Of a root, named `root`: whether the action concerns the chain at all. */
  readonly isConcerned: string;
  /** An expression with `v_taken`: the chains whose roots are to be locked as well. */
  readonly rootIds: string;
}

/** The variables of {@link takeChains}. */
export const takenVariables = `
  v_asked uuid[];
  v_taken uuid[];
  v_root_ids uuid[];
  v_locked uuid[];
  v_locked_root_ids uuid[];
  v_staying uuid[];
  v_holders jsonb;`;

/**
 * Decides which of the chains `p_chain_ids` an action takes, as `closeOverHolders` of core has it: `v_asked` are those that it concerns, `v_taken` those
 * that it takes, with their holders when `p_is_cascade`. All are found by plain reads, locked in the order of their keys, and found again under the locks,
 * until nothing is new: so two calls that meet from both ends do not wait for each other.
 */
export function takeChains({ edges, isConcerned, rootIds }: HolderSearch): string {
  return `
  LOOP
    SELECT coalesce(array_agg(chain.id ORDER BY chain.id), '{}') INTO v_asked
    FROM (SELECT DISTINCT named.id FROM unnest(p_chain_ids) AS named (id)) AS chain
    CROSS JOIN LATERAL (SELECT job.chain_status FROM {job} AS job WHERE job.chain_id = chain.id AND job.chain_index = 0 LIMIT 1) AS root
    WHERE ${isConcerned};
    v_taken := v_asked;
    IF p_is_cascade THEN
      WITH RECURSIVE reached AS (
        SELECT chain.id FROM unnest(v_asked) AS chain (id)
        UNION
        SELECT holder.chain_id FROM reached AS held CROSS JOIN LATERAL (SELECT edge.chain_id FROM ${edges} OFFSET 0) AS holder)
      SELECT coalesce(array_agg(reached.id ORDER BY reached.id), '{}') INTO v_taken FROM reached;
    END IF;
    v_root_ids := ${rootIds};
    EXIT WHEN v_taken = v_locked AND v_root_ids = v_locked_root_ids;
    PERFORM {lock_chains}(v_taken, v_root_ids);
    v_locked := v_taken;
    v_locked_root_ids := v_root_ids;
  END LOOP;
  -- One that is held by a chain that stays is left, and so are those that it holds on to itself.
  WHILE NOT p_is_cascade LOOP
    SELECT coalesce(array_agg(taken.id ORDER BY taken.id), '{}') INTO v_staying FROM unnest(v_taken) AS taken (id)
    WHERE taken.id NOT IN (SELECT holding.held_id FROM (${holdings(edges, "v_taken")}) AS holding);
    EXIT WHEN v_staying = v_taken;
    v_taken := v_staying;
  END LOOP;
  SELECT coalesce(jsonb_object_agg(holding.held_id, holding.holder_ids), '{}') INTO v_holders FROM (
    SELECT holding.held_id, json_agg(DISTINCT holding.holder_id ORDER BY holding.holder_id) AS holder_ids
    FROM (${holdings(edges, "v_asked")}) AS holding GROUP BY holding.held_id) AS holding;`;
}

/** Who holds on to some chains and is not taken. All that is looked up in a list is looked up in one that is hashed once. */
function holdings(edges: string, chainIds: string): string {
  return `
      SELECT held.id AS held_id, holder.chain_id AS holder_id FROM unnest(${chainIds}) AS held (id)
      CROSS JOIN LATERAL (SELECT edge.chain_id FROM ${edges} OFFSET 0) AS holder
      WHERE holder.chain_id NOT IN (SELECT other.id FROM unnest(v_taken) AS other (id))`;
}

/** The chains to answer for: those asked for, in their order, and then those that came along; whether each is taken, and who holds it else. */
export const takenItems = `
    SELECT named.id, named.place, named.id IN (SELECT taken.id FROM unnest(v_taken) AS taken (id)) AS is_taken,
      v_holders -> named.id::text AS holders
    FROM unnest(p_chain_ids || ARRAY(
      SELECT taken.id FROM unnest(v_taken) AS taken (id)
      WHERE taken.id NOT IN (SELECT asked.id FROM unnest(v_asked) AS asked (id)) ORDER BY taken.id)) WITH ORDINALITY AS named (id, place)
    ORDER BY named.place`;
