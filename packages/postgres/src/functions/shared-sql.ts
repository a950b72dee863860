/** An instant as ms since the epoch, in the precision that a Date has. Rounded alike everywhere, so the order of instants stays. */
export function inMs(instant: string): string {
  return `round(date_part('epoch', ${instant}) * 1000)::bigint`;
}

/** The time from one instant to a later one, in ms. */
export function msBetween(from: string, to: string): string {
  return `greatest(${inMs(to)} - ${inMs(from)}, 0)`;
}

/** The time until an instant, in ms: 0 for one that is over, NULL for none. What is due within less than a ms is not due yet. */
export function dueInMs(instant: string): string {
  return `CASE WHEN ${instant} <= v_now THEN 0 WHEN ${instant} > v_now THEN greatest(${inMs(instant)} - ${inMs("v_now")}, 1) END`;
}

/**
 * Joins the rows of `job` in an UPDATE to rows that name their keys. The list of one is an equality that no merge of ordered rows can use. With a
 * plain one, the planner may walk the whole key in order and look for each job among the rows that name it: in a table that looks empty that
 * seems as cheap, and the plan is kept. The list of all keys beside a plain equality prevents it as well, but the index sorts that list for each row.
 */
export function isAt(chainId: string, chainIndex: string): string {
  return `job.chain_id = ANY (ARRAY[${chainId}]) AND job.chain_index = ${chainIndex}`;
}

/** The same for the root. `number` is any integer of the row that names it: an index of 0 that does not depend on that row could be walked by itself. */
export function isRootOf(chainId: string, number: string): string {
  return isAt(chainId, `0 * ${number}`);
}

/** The outputs of what a job waited for, in the order of their slots: the last job of each chain has it. */
const blockerOutputs = `
  SELECT json_agg(json_build_array(edge.slot, edge.ordinal, edge.blocked_by_chain_id, coalesce(last.chain_type, last.type), last.type, last.output,
    last.trace_context, ${inMs("last.completed_at")})
    ORDER BY edge.slot COLLATE "C", edge.ordinal)
  FROM {job_blocker} AS edge CROSS JOIN LATERAL (
    SELECT ended.chain_type, ended.type, ended.output, ended.trace_context, ended.completed_at FROM {job} AS ended
    WHERE ended.chain_id = edge.blocked_by_chain_id ORDER BY ended.chain_index DESC LIMIT 1) AS last
  WHERE edge.chain_id = job.chain_id AND edge.chain_index = job.chain_index`;

/** A claimed job for the answer, read from a row named `job`; `decodeClaimedJob` reads it in this order. */
export const claimedJob: string = `json_build_array(job.chain_id, job.chain_index, job.claim_no, job.type, coalesce(job.chain_type, job.type), job.input,
  job.attempt + (job.hold IS NOT NULL)::integer, job.hold IS NULL, job.priority, ${inMs("job.created_at")}, ${inMs("job.scheduled_at")},
  ${inMs("job.claimed_at")}, ${inMs("job.ready_at")}, job.trace_context, job.is_unannounced,
  CASE WHEN job.blocker_count > 0 THEN (${blockerOutputs}) END)`;

/**
 * When a job is due: at its instant, after its delay, or now. Both are clamped to what both a Date and a timestamp can hold. Declared as what
 * it is, no more: a function that claims to be IMMUTABLE over STABLE parts is called for each row, and not written into the statement.
 */
export const dueAt: string = `
CREATE OR REPLACE FUNCTION {due_at}(p_now timestamptz, p_delay_ms float8, p_instant_ms float8) RETURNS timestamptz LANGUAGE sql STABLE AS $function$
  SELECT CASE
    WHEN p_instant_ms IS NOT NULL THEN to_timestamp(greatest(least(p_instant_ms, 8640000000000000), -62135596800000) / 1000)
    WHEN p_delay_ms > 3e12 THEN to_timestamp(least(date_part('epoch', p_now) * 1000 + p_delay_ms, 8640000000000000) / 1000)
    WHEN p_delay_ms IS NOT NULL THEN p_now + p_delay_ms * interval '1 millisecond'
    ELSE p_now END
$function$`;
