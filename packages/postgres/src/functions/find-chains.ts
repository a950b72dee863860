import { defineFunction } from "./define-function.ts";

export type ListOrder = "newest" | "oldest";

const filterParameters = `p_types text[], p_statuses text[], p_label_key text, p_label_value text, p_above uuid, p_below uuid`;

/**
 * The lists that hold the chains of a filter by type and status: one for each pair, in the order of ids. Where no types are given, they are those that
 * there are chains of: one probe of the index for each, however many chains there are.
 */
export const chainLists: string = defineFunction({
  signature: "{chain_lists}(p_types text[], p_statuses text[])",
  returns: "TABLE (status text, type text)",
  isUnpinned: true,
  isRead: true,
  body: `
DECLARE
  v_statuses text[] := coalesce(p_statuses, '{open,completed,failed,cancelled}');
BEGIN
  IF p_types IS NOT NULL THEN
    RETURN QUERY SELECT wanted.status, named.type FROM unnest(v_statuses) AS wanted (status) CROSS JOIN unnest(p_types) AS named (type);
    RETURN;
  END IF;
  RETURN QUERY WITH RECURSIVE present (status, type) AS (
    SELECT wanted.status, first.type FROM unnest(v_statuses) AS wanted (status) CROSS JOIN LATERAL (
      SELECT job.type FROM {job} AS job WHERE job.chain_status = wanted.status ORDER BY job.type LIMIT 1) AS first
    UNION ALL
    SELECT present.status, next.type FROM present CROSS JOIN LATERAL (
      SELECT job.type FROM {job} AS job WHERE job.chain_status = present.status AND job.type > present.type ORDER BY job.type LIMIT 1) AS next)
  SELECT present.status, present.type FROM present;
END`,
});

/**
 * A part of one list. The row comparison and the order by both columns leave the planner one index that can serve, `chain_listed`, whatever it
 * believes of the tables.
 */
const walkList = (direction: string, limit: string): string => `
  SELECT job.chain_id FROM {job} AS job
  WHERE job.chain_status = list.status AND (job.type, job.chain_id) > (list.type, v_above) AND (job.type, job.chain_id) < (list.type, v_below)
  ORDER BY job.type ${direction}, job.chain_id ${direction} LIMIT ${limit}`;

/** Several lists as one. Of very many lists, those count that begin soonest. */
const mergeLists = (direction: string, limit: string): string => `
  SELECT found.chain_id
  FROM (
    SELECT list.status, list.type FROM {chain_lists}(p_types, p_statuses) AS list CROSS JOIN LATERAL (${walkList(direction, "1")}) AS head
    ORDER BY head.chain_id ${direction} LIMIT ${limit}) AS list
  CROSS JOIN LATERAL (${walkList(direction, limit)}) AS found
  ORDER BY found.chain_id ${direction} LIMIT ${limit}`;

/** Only `chain_label_value` can serve, for the same reason. */
const walkLabel = (direction: string, limit: string): string => `
  SELECT label.chain_id FROM {chain_label} AS label
  WHERE label.key = p_label_key AND (label.value, label.chain_id) > (p_label_value, v_above)
    AND (label.value, label.chain_id) < (p_label_value, v_below)
  ORDER BY label.value ${direction}, label.chain_id ${direction} LIMIT ${limit}`;

/** All chains, one probe each: a chain may have very many jobs, and none of them but one is looked at. */
const walkRoots = (order: ListOrder, direction: string): string => `
  WITH RECURSIVE walk (chain_id, n) AS (
    SELECT ${order === "newest" ? "v_below" : "v_above"}, 0
    UNION ALL
    SELECT next.chain_id, walk.n + 1 FROM walk CROSS JOIN LATERAL (
      SELECT job.chain_id FROM {job} AS job
      WHERE job.chain_id > ${order === "newest" ? "v_above" : "walk.chain_id"} AND job.chain_id < ${order === "newest" ? "walk.chain_id" : "v_below"}
      ORDER BY job.chain_id ${direction} LIMIT 1) AS next
    WHERE walk.n < p_limit)
  SELECT walk.chain_id FROM walk WHERE walk.n > 0 ORDER BY walk.n`;

/** How much both walks of a filter by label and more read at once. */
const stretchMin = 200;

/**
 * The ids of a page of chains, between `p_above` and `p_below`, which are in no page themselves. NULL filters nothing.
 *
 * With a label and types or statuses there are two ways to walk, and nobody knows which is shorter. So both read a stretch of ids; the one that
 * came further, and so has fewer of them in the same range, is looked through, and both go on from its end.
 */
export function findChains(order: ListOrder): string {
  const direction = order === "newest" ? "DESC" : "ASC";
  const [position, end, isFurther] =
    order === "newest" ? ["v_below", "p_above", "<"] : ["v_above", "p_below", ">"];
  return defineFunction({
    signature: `{find_chains_${order}}(${filterParameters}, p_limit integer)`,
    returns: "uuid[]",
    isRead: true,
    body: `
DECLARE
  v_above uuid := p_above;
  v_below uuid := p_below;
  v_stretch integer := greatest(p_limit, ${stretchMin});
  v_labelled uuid[];
  v_listed uuid[];
  v_labelled_to uuid;
  v_listed_to uuid;
  v_found uuid[] := '{}';
BEGIN
  IF p_label_key IS NULL AND p_types IS NULL AND p_statuses IS NULL THEN
    RETURN ARRAY(${walkRoots(order, direction)});
  ELSIF p_label_key IS NULL THEN
    RETURN ARRAY(${mergeLists(direction, "p_limit")});
  ELSIF p_types IS NULL AND p_statuses IS NULL THEN
    RETURN ARRAY(${walkLabel(direction, "p_limit")});
  END IF;
  WHILE ${position} <> ${end} AND cardinality(v_found) < p_limit LOOP
    v_labelled := ARRAY(${walkLabel(direction, "v_stretch")});
    v_listed := ARRAY(${mergeLists(direction, "v_stretch")});
    v_labelled_to := coalesce(v_labelled[v_stretch], ${end});
    v_listed_to := coalesce(v_listed[v_stretch], ${end});
    IF v_listed_to ${isFurther} v_labelled_to THEN
      v_found := v_found || ARRAY(
        SELECT listed.chain_id FROM unnest(v_listed) WITH ORDINALITY AS listed (chain_id, n)
        CROSS JOIN LATERAL (
          SELECT FROM {chain_label} AS label
          WHERE label.chain_id = listed.chain_id AND label.key = p_label_key AND label.value = p_label_value LIMIT 1) AS label
        ORDER BY listed.n);
      ${position} := v_listed_to;
    ELSE
      v_found := v_found || ARRAY(
        SELECT labelled.chain_id FROM unnest(v_labelled) WITH ORDINALITY AS labelled (chain_id, n)
        CROSS JOIN LATERAL (
          SELECT FROM {job} AS root
          WHERE root.chain_id = labelled.chain_id AND root.chain_index = 0
            AND (p_types IS NULL OR root.type = ANY (p_types)) AND (p_statuses IS NULL OR root.chain_status = ANY (p_statuses)) LIMIT 1) AS root
        ORDER BY labelled.n);
      ${position} := v_labelled_to;
    END IF;
  END LOOP;
  RETURN v_found[:p_limit];
END`,
  });
}

/** How many chains fit, up to the cap. Lists need not be merged for that. */
export const countChains: string = defineFunction({
  signature: `{count_chains}(${filterParameters}, p_cap integer)`,
  returns: "integer",
  isRead: true,
  body: `
DECLARE
  v_above uuid := p_above;
  v_below uuid := p_below;
BEGIN
  IF p_label_key IS NOT NULL THEN
    RETURN cardinality({find_chains_oldest}(p_types, p_statuses, p_label_key, p_label_value, p_above, p_below, p_cap));
  END IF;
  RETURN (
    SELECT count(*) FROM (
      SELECT FROM {chain_lists}(p_types, p_statuses) AS list CROSS JOIN LATERAL (${walkList("ASC", "p_cap")}) AS found LIMIT p_cap) AS counted);
END`,
});
