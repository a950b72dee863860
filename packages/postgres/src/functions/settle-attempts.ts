import { defineFunction } from "./define-function.ts";
import { claimedJob, isAt, isRootOf, msBetween } from "./shared-sql.ts";

/** Whether a settlement waits for rows that others hold, as in the user's transaction, or leaves them for the next time, as in an exchange. */
export type LockMode = "waiting" | "skipping";

/** The parameters that carry settlements, one array each, in the order of their keys. */
export const settlementParameters = `p_places integer[], p_chain_ids uuid[], p_indexes integer[], p_claim_nos integer[], p_kinds text[],
  p_payloads text[], p_own_traces text[], p_delays float8[], p_instants float8[], p_types text[], p_priorities smallint[], p_traces text[], p_is_sticky boolean[]`;

export const blockerParameters =
  "p_blocker_slots text[], p_blocker_ordinals integer[], p_blocker_ids uuid[]";

/** What is known of each settlement: as it was asked for, and as it was found. */
const columns = {
  chain_id: "p_chain_ids",
  chain_index: "p_indexes",
  claim_no: "p_claim_nos",
  kind: "p_kinds",
  payload: "p_payloads",
  own_trace: "p_own_traces",
  delay_ms: "p_delays",
  instant_ms: "p_instants",
  next_type: "p_types",
  priority: "p_priorities",
  trace_context: "p_traces",
  is_sticky: "p_is_sticky",
  verdict: "v_verdicts",
  dependents: "v_dependents",
  is_keyed: "v_is_keyed",
  chain_type: "v_chain_types",
  attempt: "v_attempts",
  claimed_at: "v_claimed_at",
  duration: "v_durations",
} as const;

/** The settlements as rows named `s`, numbered `n`, with no more columns than the statement needs: each costs. */
function eachSettlement(...names: readonly (keyof typeof columns)[]): string {
  const arrays = names.map((name) => columns[name]).join(", ");
  return `unnest(${arrays}) WITH ORDINALITY AS s (${names.join(", ")}, n)`;
}

/**
 * Settles attempts that do not depend on each other: a continuation with blockers comes alone. All is locked and looked at before
 * anything is written, so a verdict other than `held` (which means settled) has written nothing. Keys are locked in order: attempts, roots,
 * deduplication keys, blockers, dependants.
 *
 * Every statement has a snapshot of its own at READ COMMITTED: what a starter committed before a root could be locked is seen by the reads that
 * follow the lock (traps B7, Q1, Q2). At a higher level the lock itself fails when the root has changed.
 */
export function settleAttempts(mode: LockMode): string {
  const lock = `LIMIT 1 FOR NO KEY UPDATE${mode === "skipping" ? " SKIP LOCKED" : ""}`;
  return defineFunction({
    signature: `{settle_${mode}}(p_worker_id uuid, p_now timestamptz, p_is_live boolean, ${settlementParameters}, ${blockerParameters})`,
    returns: "json",
    isUnpinned: true,
    body: `
DECLARE
  v_verdicts text[];
  v_dependents integer[];
  v_is_keyed boolean[];
  v_chain_types text[];
  v_attempts integer[];
  v_claimed_at timestamptz[];
  v_durations bigint[];
  v_closes_roots boolean;
  v_has_keys boolean;
  v_has_dependants boolean;
  v_open_count integer := 0;
  v_refusal json;
  v_edge_numbers integer[];
  v_edge_chain_ids uuid[];
  v_edge_indexes integer[];
  v_held_back integer[];
  v_returned json;
  v_continued json;
  v_released json;
BEGIN
${[lockAttempts(lock), lockRoots(lock), lockKeys(lock), lockBlockers(lock), lockDependants(lock)].join("")}
${[writeEndings, writeReturns, writeFailures, writeContinuations, writeReleases].join("")}
  RETURN json_build_array(v_verdicts, v_durations, v_refusal, v_returned, v_continued, v_released);
END`,
  });
}

const lockAttempts = (lock: string): string => `
  SELECT array_agg(seen.verdict), array_agg(seen.dependents), array_agg(seen.is_keyed), array_agg(seen.chain_type), array_agg(seen.attempt),
    array_agg(seen.claimed_at), array_agg(seen.duration),
    bool_or(seen.is_ending AND seen.chain_index > 0), bool_or(seen.is_ending AND seen.is_keyed), bool_or(seen.is_ending AND seen.dependents > 0)
  INTO v_verdicts, v_dependents, v_is_keyed, v_chain_types, v_attempts, v_claimed_at, v_durations, v_closes_roots, v_has_keys,
    v_has_dependants
  FROM (
    SELECT own.dependents, own.is_keyed, coalesce(own.chain_type, own.type) AS chain_type, own.attempt + (own.hold IS NOT NULL)::integer AS attempt,
      own.claimed_at, s.chain_index, s.kind IN ('completed', 'failed') AS is_ending,
      CASE WHEN s.kind IN ('completed', 'failed') THEN ${msBetween("own.created_at", "p_now")} END AS duration,
      CASE
        WHEN own.status IS NULL THEN CASE WHEN EXISTS (
          SELECT FROM {job} AS job WHERE job.chain_id = s.chain_id AND job.chain_index = s.chain_index) THEN 'deferred' ELSE 'deleted' END
        WHEN own.status = 'running' AND own.worker_id = p_worker_id AND own.claim_no = s.claim_no THEN 'held'
        WHEN own.status <> 'running' AND own.completed_by = p_worker_id AND own.claim_no = s.claim_no THEN 'already'
        WHEN own.status = 'cancelled' THEN 'cancelled'
        WHEN own.status IN ('completed', 'continued') AND own.completed_by IS NULL AND own.claim_no = s.claim_no THEN 'completedElsewhere'
        ELSE 'leaseLost'
      END AS verdict
    FROM ${eachSettlement("chain_id", "chain_index", "claim_no", "kind")}
    LEFT JOIN LATERAL (
      SELECT job.status, job.worker_id, job.claim_no, job.completed_by, job.dependents, job.is_keyed, job.type, job.chain_type, job.attempt, job.hold,
        job.created_at, job.claimed_at
      FROM {job} AS job WHERE job.chain_id = s.chain_id AND job.chain_index = s.chain_index ${lock}) AS own ON true
    ORDER BY s.n) AS seen;`;

/** A chain that closes at a later job is closed on its root. */
const lockRoots = (lock: string): string => `
  IF v_closes_roots THEN
    SELECT array_agg(CASE WHEN seen.is_closing AND seen.root_dependents IS NULL THEN 'deferred' ELSE seen.verdict END),
      array_agg(coalesce(seen.root_dependents, seen.dependents)), array_agg(coalesce(seen.root_is_keyed, seen.is_keyed)),
      array_agg(coalesce(seen.root_duration, seen.duration)),
      bool_or(coalesce(seen.root_is_keyed, seen.is_keyed)), bool_or(coalesce(seen.root_dependents, seen.dependents) > 0)
    INTO v_verdicts, v_dependents, v_is_keyed, v_durations, v_has_keys, v_has_dependants
    FROM (
      SELECT s.verdict, s.dependents, s.is_keyed, s.duration, closing.is_closing, root.dependents AS root_dependents,
        root.is_keyed AS root_is_keyed,
        CASE WHEN root.created_at IS NOT NULL THEN ${msBetween("root.created_at", "p_now")} END AS root_duration
      FROM ${eachSettlement("chain_id", "chain_index", "kind", "verdict", "dependents", "is_keyed", "duration")}
      CROSS JOIN LATERAL (SELECT s.verdict = 'held' AND s.kind IN ('completed', 'failed') AND s.chain_index > 0 AS is_closing) AS closing
      LEFT JOIN LATERAL (
        SELECT job.dependents, job.is_keyed, job.created_at FROM {job} AS job
        WHERE closing.is_closing AND job.chain_id = s.chain_id AND job.chain_index = 0 ${lock}) AS root ON true
      ORDER BY s.n) AS seen;
  END IF;`;

/** A start that holds the key is deciding about this very chain. */
const lockKeys = (lock: string): string => `
  IF v_has_keys THEN
    SELECT array_agg(CASE WHEN seen.is_giving_up AND NOT seen.is_locked AND EXISTS (
        SELECT FROM {deduplication} AS named WHERE named.chain_id = seen.chain_id) THEN 'deferred' ELSE seen.verdict END)
    INTO v_verdicts
    FROM (
      SELECT s.chain_id, s.verdict, giving.is_giving_up, coalesce(own.is_locked, false) AS is_locked
      FROM ${eachSettlement("chain_id", "kind", "verdict", "is_keyed")}
      CROSS JOIN LATERAL (SELECT s.verdict = 'held' AND s.kind = 'completed' AND s.is_keyed AS is_giving_up) AS giving
      LEFT JOIN LATERAL (
        SELECT true AS is_locked FROM {deduplication} AS named WHERE giving.is_giving_up AND named.chain_id = s.chain_id ${lock}) AS own ON true
      ORDER BY s.n) AS seen;
  END IF;`;

/** A blocker is written under its lock, so that whoever closes it comes before or after; so is one that is closed. */
const lockBlockers = (lock: string): string => `
  IF cardinality(p_blocker_ids) > 0 AND v_verdicts[1] = 'held' THEN
    SELECT ARRAY[CASE WHEN bool_or(seen.is_deferred) THEN 'deferred' WHEN bool_or(seen.reason IS NOT NULL) THEN 'refused' ELSE 'held' END],
      (array_agg(json_build_array(seen.chain_id, seen.reason) ORDER BY seen.place) FILTER (WHERE seen.reason IS NOT NULL))[1],
      coalesce(sum(seen.edge_count) FILTER (WHERE seen.chain_status IN ('open', 'failed')), 0)
    INTO v_verdicts, v_refusal, v_open_count
    FROM (
      SELECT named.chain_id, named.place, named.edge_count, root.chain_status, root.chain_status IS NULL AND there.is_there AS is_deferred,
        CASE WHEN root.chain_status IS NULL AND NOT there.is_there THEN 'notFound' WHEN root.chain_status = 'cancelled' THEN 'cancelled' END AS reason
      FROM (SELECT b.chain_id, min(b.n) AS place, count(*) AS edge_count
        FROM unnest(p_blocker_ids) WITH ORDINALITY AS b (chain_id, n) GROUP BY b.chain_id ORDER BY b.chain_id) AS named
      LEFT JOIN LATERAL (
        SELECT job.chain_status FROM {job} AS job WHERE job.chain_id = named.chain_id AND job.chain_index = 0 ${lock}) AS root ON true
      CROSS JOIN LATERAL (
        SELECT EXISTS (SELECT FROM {job} AS job WHERE job.chain_id = named.chain_id AND job.chain_index = 0) AS is_there) AS there
    ) AS seen;
  END IF;`;

/** A dependant that is blocked and cannot be locked holds back all that it waits for. One that is not blocked will never be again. */
const lockDependants = (lock: string): string => `
  IF v_has_dependants THEN
    WITH waiting AS MATERIALIZED (
      SELECT edge.chain_id, edge.chain_index, array_agg(s.n::integer) AS numbers
      FROM ${eachSettlement("chain_id", "kind", "verdict", "dependents")}
      CROSS JOIN LATERAL (SELECT blocker.chain_id, blocker.chain_index FROM {job_blocker} AS blocker
        WHERE blocker.blocked_by_chain_id = s.chain_id OFFSET 0) AS edge
      WHERE s.verdict = 'held' AND s.kind = 'completed' AND s.dependents > 0
      GROUP BY edge.chain_id, edge.chain_index ORDER BY edge.chain_id, edge.chain_index),
    locked AS MATERIALIZED (
      SELECT waiting.chain_id, waiting.chain_index, waiting.numbers, own.chain_id IS NOT NULL AS is_locked
      FROM waiting LEFT JOIN LATERAL (SELECT job.chain_id FROM {job} AS job
        WHERE job.chain_id = waiting.chain_id AND job.chain_index = waiting.chain_index AND job.status = 'blocked' ${lock}) AS own ON true)
    SELECT array_agg(edge.n) FILTER (WHERE locked.is_locked), array_agg(locked.chain_id) FILTER (WHERE locked.is_locked),
      array_agg(locked.chain_index) FILTER (WHERE locked.is_locked),
      array_agg(edge.n) FILTER (WHERE NOT locked.is_locked AND EXISTS (SELECT FROM {job} AS job
        WHERE job.chain_id = locked.chain_id AND job.chain_index = locked.chain_index AND job.status = 'blocked'))
    INTO v_edge_numbers, v_edge_chain_ids, v_edge_indexes, v_held_back
    FROM locked CROSS JOIN LATERAL unnest(locked.numbers) AS edge (n);
    IF v_held_back IS NOT NULL THEN
      SELECT array_agg(CASE WHEN s.n = ANY (v_held_back) THEN 'deferred' ELSE s.verdict END ORDER BY s.n) INTO v_verdicts
      FROM ${eachSettlement("verdict")};
    END IF;
  END IF;`;

/** A chain of one job is finished by one update. */
const writeEndings = `
  UPDATE {job} AS job SET status = s.kind, hold = NULL, attempt = job.attempt + (job.hold IS NOT NULL)::integer, worker_id = NULL,
    completed_at = p_now, completed_by = p_worker_id, trace_context = coalesce(s.own_trace, job.trace_context),
    output = CASE WHEN s.kind = 'completed' THEN s.payload END, error = CASE WHEN s.kind = 'failed' THEN s.payload END,
    chain_status = CASE WHEN job.chain_index = 0 AND s.kind <> 'continued' THEN s.kind ELSE job.chain_status END,
    chain_closed_at = CASE WHEN job.chain_index = 0 AND s.kind <> 'continued' THEN p_now ELSE job.chain_closed_at END
  FROM ${eachSettlement("chain_id", "chain_index", "kind", "payload", "own_trace", "verdict")}
  WHERE s.verdict = 'held' AND s.kind IN ('completed', 'continued', 'failed')
    AND ${isAt("s.chain_id", "s.chain_index")};
  IF v_closes_roots THEN
    UPDATE {job} AS job SET chain_status = s.kind, chain_closed_at = p_now
    FROM ${eachSettlement("chain_id", "chain_index", "kind", "verdict")}
    WHERE s.verdict = 'held' AND s.kind IN ('completed', 'failed') AND s.chain_index > 0
      AND ${isRootOf("s.chain_id", "s.chain_index")};
  END IF;
  IF v_has_keys THEN
    PERFORM {give_up_keys}(array_agg(s.chain_id), p_now)
    FROM ${eachSettlement("chain_id", "kind", "verdict", "is_keyed")} WHERE s.verdict = 'held' AND s.kind = 'completed' AND s.is_keyed;
  END IF;`;

/** What runs again keeps who settled it last, so that a repeated settlement is known. */
const writeReturns = `
  IF p_kinds && ARRAY['retried', 'rescheduled', 'released'] THEN
    WITH returned AS (
      UPDATE {job} AS job SET status = CASE WHEN s.due_at > p_now THEN 'scheduled' ELSE 'ready' END, hold = NULL,
        attempt = job.attempt + (job.hold IS NOT NULL)::integer - (s.kind <> 'retried')::integer,
        worker_id = NULL, completed_by = p_worker_id, ready_at = CASE WHEN s.due_at > p_now THEN NULL ELSE p_now END,
        scheduled_at = CASE WHEN s.kind = 'released' THEN job.scheduled_at ELSE s.due_at END,
        error = CASE WHEN s.kind = 'retried' THEN s.payload ELSE job.error END, trace_context = coalesce(s.own_trace, job.trace_context)
      FROM (
        SELECT s.*, {due_at}(p_now, s.delay_ms, s.instant_ms) AS due_at
        FROM ${eachSettlement("chain_id", "chain_index", "kind", "payload", "own_trace", "delay_ms", "instant_ms", "verdict")}
        WHERE s.verdict = 'held' AND s.kind IN ('retried', 'rescheduled', 'released')) AS s
      WHERE ${isAt("s.chain_id", "s.chain_index")}
      RETURNING job.chain_id, job.type, job.status)
    SELECT json_agg(json_build_array(returned.chain_id, returned.type, returned.status)) INTO v_returned FROM returned;
  END IF;`;

const writeFailures = `
  IF p_kinds && ARRAY['retried', 'failed'] THEN
    INSERT INTO {attempt_failure} (chain_id, chain_index, claim_no, attempt, worker_id, outcome, started_at, ended_at, error)
    SELECT s.chain_id, s.chain_index, s.claim_no, s.attempt, p_worker_id, s.kind, s.claimed_at, p_now, s.payload
    FROM ${eachSettlement("chain_id", "chain_index", "claim_no", "kind", "payload", "verdict", "attempt", "claimed_at")}
    WHERE s.verdict = 'held' AND s.kind IN ('retried', 'failed');
    PERFORM {trim_failures}(s.chain_id, s.chain_index) FROM ${eachSettlement("chain_id", "chain_index", "claim_no", "kind", "verdict")}
    WHERE s.verdict = 'held' AND s.kind IN ('retried', 'failed') AND s.claim_no > 25;
  END IF;`;

/** A sticky continuation is a claim: it needs a live lease, and a type that is not paused. */
const writeContinuations = `
  IF 'continued' = ANY (p_kinds) THEN
    IF cardinality(p_blocker_ids) > 0 AND v_verdicts[1] = 'held' THEN
      PERFORM {insert_blockers}(p_chain_ids[1], p_indexes[1] + 1, p_blocker_slots, p_blocker_ordinals, p_blocker_ids);
    END IF;
    WITH inserted AS (
      INSERT INTO {job} AS job (chain_id, chain_index, type, chain_type, status, priority, attempt, claim_no, worker_id, created_at, scheduled_at,
        ready_at, claimed_at, open_blockers, blocker_count, trace_context, input)
      SELECT s.chain_id, s.chain_index + 1, s.next_type, s.chain_type, s.status, s.priority, (s.status = 'running')::integer,
        (s.status = 'running')::integer, CASE WHEN s.status = 'running' THEN p_worker_id END, p_now, s.due_at,
        CASE WHEN s.status IN ('ready', 'running') THEN p_now END, CASE WHEN s.status = 'running' THEN p_now END,
        v_open_count, cardinality(p_blocker_ids), s.trace_context, s.payload
      FROM (
        SELECT s.*, CASE
            WHEN v_open_count > 0 THEN 'blocked'
            WHEN s.due_at > p_now THEN 'scheduled'
            WHEN s.is_sticky AND p_is_live AND NOT EXISTS (
              SELECT FROM {job_type} AS paused WHERE paused.type = s.next_type AND paused.is_paused) THEN 'running'
            ELSE 'ready' END AS status
        FROM (
          SELECT s.*, {due_at}(p_now, s.delay_ms, s.instant_ms) AS due_at
          FROM ${eachSettlement("chain_id", "chain_index", "kind", "payload", "delay_ms", "instant_ms", "next_type", "priority", "trace_context", "is_sticky", "verdict", "chain_type")}
          WHERE s.verdict = 'held' AND s.kind = 'continued') AS s) AS s
      RETURNING job.chain_id, job.status, CASE WHEN job.status = 'running' THEN ${claimedJob} END AS claim)
    SELECT json_agg(json_build_array(inserted.chain_id, inserted.status, inserted.claim)) INTO v_continued FROM inserted;
  END IF;
  IF 'already' = ANY (v_verdicts) AND true = ANY (p_is_sticky) THEN
    SELECT json_agg(json_build_array(s.chain_id, next.status, next.claim)) INTO v_continued
    FROM ${eachSettlement("chain_id", "chain_index", "verdict", "is_sticky")}
    CROSS JOIN LATERAL (SELECT job.status, ${claimedJob} AS claim FROM {job} AS job
      WHERE job.chain_id = s.chain_id AND job.chain_index = s.chain_index + 1 AND job.status = 'running' AND job.worker_id = p_worker_id
        AND job.claim_no = 1 OFFSET 0) AS next
    WHERE s.verdict = 'already' AND s.is_sticky;
  END IF;`;

/** Counts completed chains off at the jobs that wait for them. A job is released by the last of its closers, in the order in which they were handed in. */
const writeReleases = `
  IF v_edge_numbers IS NOT NULL THEN
    WITH released AS (
      UPDATE {job} AS job SET open_blockers = job.open_blockers - e.edge_count,
        status = CASE WHEN job.open_blockers > e.edge_count THEN 'blocked' WHEN job.scheduled_at > p_now THEN 'scheduled' ELSE 'ready' END,
        ready_at = CASE WHEN job.open_blockers > e.edge_count OR job.scheduled_at > p_now THEN NULL ELSE p_now END
      FROM (
        SELECT e.chain_id, e.chain_index, count(*)::integer AS edge_count, max(p_places[e.n]) AS place
        FROM unnest(v_edge_chain_ids, v_edge_indexes, v_edge_numbers) AS e (chain_id, chain_index, n)
        WHERE v_verdicts[e.n] = 'held' GROUP BY e.chain_id, e.chain_index) AS e
      WHERE ${isAt("e.chain_id", "e.chain_index")}
      RETURNING e.place, job.chain_id, job.chain_index, job.type, job.status, ${msBetween("job.created_at", "p_now")} AS blocked_ms)
    SELECT json_agg(json_build_array(released.place, released.chain_id, released.chain_index, released.type, released.status, released.blocked_ms)
        ORDER BY released.chain_id, released.chain_index)
    INTO v_released FROM released WHERE released.status <> 'blocked';
  END IF;`;
