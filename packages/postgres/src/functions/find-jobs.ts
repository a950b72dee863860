import { uuidMax, uuidMin } from "../uuids.ts";
import { defineFunction } from "./define-function.ts";
import type { ListOrder } from "./find-chains.ts";
import { jobsIn, typesIn, type IndexedStatus } from "./types-in.ts";

const isWanted = (column: string, list: string): string =>
  `(${list} IS NULL OR ${column} = ANY (${list}))`;

const fits = `${isWanted("job.type", "p_types")} AND ${isWanted("job.status", "p_statuses")}`;

const listIndexed = (status: IndexedStatus): string => `
  IF '${status}' = ANY (p_statuses) THEN
    RETURN QUERY SELECT job.chain_id, job.chain_index FROM (${typesIn(status)}) AS present
    CROSS JOIN LATERAL (${jobsIn(status, "job.chain_id, job.chain_index", "p_limit")}) AS job
    WHERE ${isWanted("present.type", "p_types")} LIMIT p_limit;
  END IF;`;

/** Some jobs of the given types and statuses, in no order: all of them, unless there are `p_limit` or more of a status. Not for `completed` and `continued`. */
export const someJobs: string = defineFunction({
  signature: "{some_jobs}(p_types text[], p_statuses text[], p_limit integer)",
  returns: "TABLE (chain_id uuid, chain_index integer)",
  isUnpinned: true,
  isRead: true,
  body: `
BEGIN
  ${(["blocked", "scheduled", "ready", "failed"] as const).map(listIndexed).join("")}
  IF 'running' = ANY (p_statuses) THEN
    RETURN QUERY SELECT job.chain_id, job.chain_index FROM {job} AS job
    WHERE job.status = 'running' AND ${isWanted("job.type", "p_types")} ORDER BY job.worker_id LIMIT p_limit;
  END IF;
  IF 'cancelled' = ANY (p_statuses) THEN
    RETURN QUERY SELECT job.chain_id, job.chain_index
    FROM {chain_lists}(NULL, ARRAY['cancelled']) AS list
    CROSS JOIN LATERAL (
      SELECT root.chain_id FROM {job} AS root WHERE root.chain_status = list.status AND root.type = list.type ORDER BY root.chain_id OFFSET 0) AS root
    CROSS JOIN LATERAL (
      SELECT job.chain_id, job.chain_index, job.type FROM {job} AS job WHERE job.chain_id = root.chain_id ORDER BY job.chain_index DESC LIMIT 1) AS job
    WHERE ${isWanted("job.type", "p_types")} LIMIT p_limit;
  END IF;
END`,
});

/** How many jobs are looked at before they are counted by their status. */
const stretchMin = 1_000;

/**
 * A page of jobs beyond a key, which is in no page itself, without payloads. NULL filters nothing.
 *
 * Jobs of a chain stand together, and a worker holds few. A job that is completed, failed or cancelled is the last of its chain, which has that status
 * too. Else jobs are walked by key. Where jobs of the wanted statuses can be found by their status as well, but in another order, nobody knows which
 * is shorter: so a stretch is walked; if that does not fill the page, as many are looked for by status; if those are not all, the next stretch is
 * four times as long.
 */
export function findJobs(order: ListOrder): string {
  const [direction, isBeyond, beyondChain] =
    order === "newest"
      ? ["DESC", "<", `'${uuidMin}', p_after`]
      : ["ASC", ">", `p_after, '${uuidMax}'`];
  const byKey = `job.chain_id ${direction}, job.chain_index ${direction}`;
  const page = (rows: string): string => `
    SELECT array_agg(job.chain_id), array_agg(job.chain_index) INTO v_chain_ids, v_indexes
    FROM (${rows} ORDER BY ${byKey} LIMIT p_limit) AS job;`;
  return defineFunction({
    signature: `{find_jobs_${order}}(p_chain_id uuid, p_types text[], p_statuses text[], p_worker_id uuid, p_after uuid, p_after_index integer, p_limit integer)`,
    returns: "json",
    isRead: true,
    body: `
DECLARE
  v_at uuid := p_after;
  v_at_index integer := p_after_index;
  v_stretch integer := CASE WHEN p_types IS NULL AND p_statuses IS NULL THEN p_limit ELSE greatest(p_limit, ${stretchMin}) END;
  v_is_indexed boolean := NOT p_statuses && ARRAY['completed', 'continued'];
  v_seen record;
  v_chain_ids uuid[] := '{}';
  v_indexes integer[] := '{}';
BEGIN
  IF p_chain_id IS NOT NULL THEN
    ${page(`
      SELECT job.chain_id, job.chain_index FROM {job} AS job
      WHERE job.chain_id = p_chain_id AND (job.chain_id, job.chain_index) ${isBeyond} (p_after, p_after_index) AND ${fits}
        AND (p_worker_id IS NULL OR job.worker_id = p_worker_id)`)}
  ELSIF p_worker_id IS NOT NULL THEN
    ${page(`
      SELECT job.chain_id, job.chain_index FROM (
        SELECT job.chain_id, job.chain_index, job.type, job.status FROM {job} AS job
        WHERE job.status = 'running' AND job.worker_id = p_worker_id OFFSET 0) AS job
      WHERE (job.chain_id, job.chain_index) ${isBeyond} (p_after, p_after_index) AND ${fits}`)}
  ELSIF p_types IS NULL AND p_statuses <@ ARRAY['completed', 'failed', 'cancelled'] THEN
    ${page(`
      SELECT job.chain_id, job.chain_index
      FROM unnest(p_after || {find_chains_${order}}(NULL, p_statuses, NULL, NULL, ${beyondChain}, p_limit)) AS closed (chain_id)
      CROSS JOIN LATERAL (
        SELECT job.chain_id, job.chain_index, job.type, job.status FROM {job} AS job
        WHERE job.chain_id = closed.chain_id ORDER BY job.chain_index DESC LIMIT 1) AS job
      WHERE (job.chain_id, job.chain_index) ${isBeyond} (p_after, p_after_index) AND ${fits}`)}
  ELSE
    WHILE v_at IS NOT NULL AND cardinality(v_chain_ids) < p_limit LOOP
      SELECT array_agg(job.chain_id) FILTER (WHERE ${fits}) AS chain_ids, array_agg(job.chain_index) FILTER (WHERE ${fits}) AS indexes,
        (array_agg(job.chain_id))[v_stretch] AS last, (array_agg(job.chain_index))[v_stretch] AS last_index
      INTO v_seen
      FROM (
        SELECT job.chain_id, job.chain_index, job.type, job.status FROM {job} AS job
        WHERE (job.chain_id, job.chain_index) ${isBeyond} (v_at, v_at_index) ORDER BY ${byKey} LIMIT v_stretch) AS job;
      v_chain_ids := v_chain_ids || v_seen.chain_ids;
      v_indexes := v_indexes || v_seen.indexes;
      v_at := v_seen.last;
      v_at_index := v_seen.last_index;
      EXIT WHEN v_at IS NULL OR cardinality(v_chain_ids) >= p_limit;
      IF v_is_indexed AND (SELECT count(*) FROM {some_jobs}(p_types, p_statuses, v_stretch)) < v_stretch THEN
        ${page(`
          SELECT job.chain_id, job.chain_index FROM {some_jobs}(p_types, p_statuses, v_stretch) AS job
          WHERE (job.chain_id, job.chain_index) ${isBeyond} (p_after, p_after_index)`)}
        EXIT;
      END IF;
      v_stretch := v_stretch * 4;
    END LOOP;
  END IF;
  RETURN {read_jobs}(v_chain_ids[:p_limit], v_indexes[:p_limit], false);
END`,
  });
}
