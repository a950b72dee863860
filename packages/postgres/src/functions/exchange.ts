import { claimParameters } from "./claim-jobs.ts";
import { defineFunction } from "./define-function.ts";
import { dueInMs, isAt } from "./shared-sql.ts";
import { blockerParameters, settlementParameters, type LockMode } from "./settle-attempts.ts";

/**
 * Settlements are handed over in groups: `p_ends` says where each ends, `p_blocker_ends` where its blockers end. What depends on an earlier one stands in a
 * later group.
 */
const groupParameters = "p_ends integer[], p_blocker_ends integer[]";

const settleGroups = (mode: LockMode): string => `
  FOR v_group IN 1 .. cardinality(p_ends) LOOP
    v_from := coalesce(p_ends[v_group - 1], 0) + 1;
    v_to := p_ends[v_group];
    v_blockers_from := coalesce(p_blocker_ends[v_group - 1], 0) + 1;
    v_blockers_to := p_blocker_ends[v_group];
    v_groups := v_groups || {settle_${mode}}(p_worker_id, v_now, v_is_live, p_places[v_from:v_to], p_chain_ids[v_from:v_to], p_indexes[v_from:v_to],
      p_claim_nos[v_from:v_to], p_kinds[v_from:v_to], p_payloads[v_from:v_to], p_own_traces[v_from:v_to], p_delays[v_from:v_to], p_instants[v_from:v_to],
      p_types[v_from:v_to], p_priorities[v_from:v_to], p_traces[v_from:v_to], p_is_sticky[v_from:v_to],
      p_blocker_slots[v_blockers_from:v_blockers_to], p_blocker_ordinals[v_blockers_from:v_blockers_to], p_blocker_ids[v_blockers_from:v_blockers_to]);
  END LOOP;`;

const groupVariables = `
  v_now timestamptz := coalesce(p_now, clock_timestamp());
  v_is_live boolean;
  v_from integer;
  v_to integer;
  v_blockers_from integer;
  v_blockers_to integer;
  v_groups json[] := '{}';`;

/** The lease is locked against a reaper, not against its own renewal (FOR KEY SHARE): a claim of an expired worker could not be found by anyone. */
const findLease = `
    SELECT true INTO v_is_live FROM {worker} AS worker
    WHERE worker.worker_id = p_worker_id AND worker.lease_until > v_now FOR KEY SHARE;
    v_is_live := coalesce(v_is_live, false);`;

/**
 * Settles, then notes started jobs, then claims, in one round trip and one transaction. In this order: a claim that skips locks leaves stray row
 * locks until its transaction ends, and two exchanges that claimed first could wait for each other.
 */
export const exchange: string = defineFunction({
  signature: `{exchange}(p_worker_id uuid, p_now timestamptz, p_asks boolean, ${groupParameters}, ${settlementParameters}, ${blockerParameters},
    p_started_ids uuid[], p_started_indexes integer[], p_started_claim_nos integer[], ${claimParameters})`,
  returns: "json",
  body: `
DECLARE
  ${groupVariables}
  v_claimed json;
  v_claimed_count integer;
  v_next_due_at timestamptz;
  v_schedule json;
BEGIN
  IF p_asks THEN
    ${findLease}
  END IF;
  ${settleGroups("skipping")}
  IF cardinality(p_started_ids) > 0 THEN
    PERFORM {note_started}(p_worker_id, p_started_ids, p_started_indexes, p_started_claim_nos);
  END IF;
  IF v_is_live AND cardinality(p_claim_types) > 0 THEN
    SELECT taken.claimed, taken.claimed_count INTO v_claimed, v_claimed_count
    FROM {claim_jobs}(p_worker_id, v_now, p_claim_types, p_limits, p_firsts, p_lasts, p_lows, p_highs, p_from, p_slots, p_ahead) AS taken;
    IF v_claimed_count < p_slots + p_ahead THEN
      SELECT job.scheduled_at INTO v_next_due_at FROM {job} AS job WHERE job.status = 'scheduled' ORDER BY job.scheduled_at LIMIT 1;
      v_schedule := json_build_array(${dueInMs("v_next_due_at")});
    END IF;
  END IF;
  RETURN json_build_array(v_groups, v_is_live, v_claimed, v_schedule);
END`,
});

/** Settles in the user's transaction: the same, but it waits for locks. */
export const settle: string = defineFunction({
  signature: `{settle}(p_worker_id uuid, p_now timestamptz, p_asks boolean, ${groupParameters}, ${settlementParameters}, ${blockerParameters})`,
  returns: "json",
  body: `
DECLARE
  ${groupVariables}
BEGIN
  IF p_asks THEN
    ${findLease}
  END IF;
  ${settleGroups("waiting")}
  RETURN json_build_array(v_groups);
END`,
});

/** Counts the attempts of held jobs that have begun (P5). Those that are not held any more are ignored; those that are locked are noted with the next beat. */
export const noteStarted: string = defineFunction({
  signature:
    "{note_started}(p_worker_id uuid, p_chain_ids uuid[], p_indexes integer[], p_claim_nos integer[])",
  returns: "void",
  isUnpinned: true,
  body: `
DECLARE
  v_chain_ids uuid[];
  v_indexes integer[];
BEGIN
  SELECT array_agg(s.chain_id), array_agg(s.chain_index) INTO v_chain_ids, v_indexes
  FROM unnest(p_chain_ids, p_indexes, p_claim_nos) AS s (chain_id, chain_index, claim_no)
  CROSS JOIN LATERAL (
    SELECT job.status, job.worker_id, job.claim_no, job.hold FROM {job} AS job
    WHERE job.chain_id = s.chain_id AND job.chain_index = s.chain_index LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED) AS own
  WHERE own.status = 'running' AND own.hold = 'held' AND own.worker_id = p_worker_id AND own.claim_no = s.claim_no;
  UPDATE {job} AS job SET hold = NULL, attempt = job.attempt + 1
  FROM unnest(v_chain_ids, v_indexes) AS s (chain_id, chain_index)
  WHERE ${isAt("s.chain_id", "s.chain_index")};
END`,
});
