import { spentJobStatuses } from "queuert/adapter";

import { defineFunction } from "../functions/define-function.ts";
import { jobSettings } from "../migrations/tables.ts";

/** Beyond this many, chains are not moved between partitions: everybody waits while they are. */
const movedChainCountMax = 10_000;

/** One process at a time makes or drops partitions, and none while the schema is migrated: the same lock. Others leave the work to the one that has it. */
const isMyTurn = "pg_try_advisory_xact_lock(hashtextextended('queuert: migration of {schema}', 0))";

/** The partitions with bounds, ours and those that somebody attached. An open bound is NULL; a bound's time is what the id begins with. */
const listPartitions = defineFunction({
  signature: "{list_partitions}()",
  returns: "TABLE (partition regclass, name text, lower_id uuid, upper_id uuid, upper_ms bigint)",
  isUnpinned: true,
  body: `
BEGIN
  RETURN QUERY
  SELECT bounded.oid::regclass, bounded.relname::text, bounded.lower_id, bounded.upper_id, {ms_of_id}(bounded.upper_id)
  FROM (
    SELECT child.oid, child.relname, substring(bound.text FROM 'FROM \\(''([0-9a-f-]+)''\\)')::uuid AS lower_id,
      substring(bound.text FROM 'TO \\(''([0-9a-f-]+)''\\)')::uuid AS upper_id
    FROM pg_inherits AS edge JOIN pg_class AS child ON child.oid = edge.inhrelid
    CROSS JOIN LATERAL (SELECT pg_get_expr(child.relpartbound, child.oid) AS text) AS bound
    WHERE edge.inhparent = '{job}'::regclass AND NOT edge.inhdetachpending AND bound.text LIKE 'FOR VALUES %') AS bounded;
END`,
});

const msOfId = `
CREATE OR REPLACE FUNCTION {ms_of_id}(p_id uuid) RETURNS bigint LANGUAGE sql IMMUTABLE AS $function$
  SELECT ('x' || left(replace(p_id::text, '-', ''), 12))::bit(48)::bigint
$function$`;

/** The smallest id of a time. */
const idOfMs = `
CREATE OR REPLACE FUNCTION {id_of_ms}(p_ms bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $function$
  SELECT (lpad(to_hex(p_ms), 12, '0') || repeat('0', 20))::uuid
$function$`;

/**
 * Makes the partitions from now on that are not there yet, up to `p_ahead` after the current one. Answers their names and whether some could not be made in
 * time; NULL for a table without partitions. Where nothing is to be made, it only reads.
 *
 * A table is made beside the others and then attached, which takes the default partition's lock for a moment. Chains that already
 * stand in the default partition, since nobody made this one in time or a clock ran ahead, come along; where they are many, their time stays there.
 */
const makePartitions = defineFunction({
  signature:
    "{make_partitions}(p_now timestamptz, p_every_ms bigint, p_ahead integer, p_lock_timeout_ms integer)",
  returns: "json",
  body: `
DECLARE
  v_now_ms bigint := floor(date_part('epoch', coalesce(p_now, clock_timestamp())) * 1000);
  v_begin_ms bigint := v_now_ms / p_every_ms * p_every_ms;
  v_until_ms bigint := v_begin_ms + (p_ahead + 1) * p_every_ms;
  v_from_ms bigint;
  v_to_ms bigint;
  v_name text;
  v_made text[] := '{}';
BEGIN
  IF (SELECT job.relkind FROM pg_class AS job WHERE job.oid = '{job}'::regclass) <> 'p' THEN
    RETURN NULL;
  END IF;
  SELECT greatest(v_begin_ms, max(upper_ms)) INTO v_from_ms FROM {list_partitions}();
  IF v_from_ms >= v_until_ms THEN
    RETURN json_build_array(v_made, false);
  END IF;
  IF NOT ${isMyTurn} THEN
    RETURN json_build_array(v_made, true);
  END IF;
  SELECT greatest(v_begin_ms, max(upper_ms)) INTO v_from_ms FROM {list_partitions}();
  PERFORM set_config('lock_timeout', p_lock_timeout_ms::text, true);
  WHILE v_from_ms < v_until_ms LOOP
    v_to_ms := (v_from_ms / p_every_ms + 1) * p_every_ms;
    v_name := {make_partition}(v_from_ms, v_to_ms);
    v_made := v_made || v_name;
    v_from_ms := v_to_ms;
  END LOOP;
  RETURN json_build_array(array_remove(v_made, NULL), false);
EXCEPTION WHEN lock_not_available THEN
  RETURN json_build_array(ARRAY[]::text[], true);
END`,
});

const makePartition = defineFunction({
  signature: "{make_partition}(p_from_ms bigint, p_to_ms bigint)",
  returns: "text",
  isUnpinned: true,
  body: `
DECLARE
  v_name text := (SELECT job.relname FROM pg_class AS job WHERE job.oid = '{job}'::regclass)
    || to_char(to_timestamp(p_from_ms / 1000) AT TIME ZONE 'UTC', '"_p"YYYYMMDD"_"HH24MI');
  v_from uuid := {id_of_ms}(p_from_ms);
  v_to uuid := {id_of_ms}(p_to_ms);
BEGIN
  EXECUTE format('CREATE TABLE {schema}.%I (LIKE {job} INCLUDING ALL EXCLUDING INDEXES) WITH (${jobSettings})', v_name);
  LOCK TABLE ONLY {job} IN SHARE UPDATE EXCLUSIVE MODE;
  LOCK TABLE {job_default} IN ACCESS EXCLUSIVE MODE;
  IF (SELECT count(*) FROM (
      SELECT FROM {job_default} WHERE chain_id >= v_from AND chain_id < v_to LIMIT ${movedChainCountMax + 1}) AS early) > ${movedChainCountMax} THEN
    EXECUTE format('DROP TABLE {schema}.%I', v_name);
    RETURN NULL;
  END IF;
  EXECUTE format('INSERT INTO {schema}.%I SELECT * FROM {job_default} WHERE chain_id >= $1 AND chain_id < $2', v_name) USING v_from, v_to;
  DELETE FROM {job_default} WHERE chain_id >= v_from AND chain_id < v_to;
  EXECUTE format('ALTER TABLE {job} ATTACH PARTITION {schema}.%I FOR VALUES FROM (%L) TO (%L)', v_name, v_from, v_to);
  RETURN v_name;
END`,
});

const spent = spentJobStatuses.map((status) => `'${status}'`).join(", ");

/**
 * Drops the oldest partition that is past the age of every status given, with all that belongs to its chains. Chains that stay (open, of a status that
 * is not given, closed too late, or needed, as `retireChains` has it) are moved to the default partition. A partition with too many of them stays.
 *
 * Answers [partition, how many chains were dropped, how many were moved, whether it has to be tried again]; NULL when there is none.
 */
const dropOldestPartition = defineFunction({
  signature:
    "{drop_oldest_partition}(p_now timestamptz, p_statuses text[], p_ages_ms float8[], p_lock_timeout_ms integer)",
  returns: "json",
  body: `
DECLARE
  v_now timestamptz := coalesce(p_now, clock_timestamp());
  v_closed_until timestamptz[];
  v_partition record;
  v_dropped json;
BEGIN
  SELECT array_agg(v_now - ages.age_ms * interval '1 millisecond' ORDER BY ages.n) INTO v_closed_until FROM unnest(p_ages_ms) WITH ORDINALITY AS ages (age_ms, n);
  FOR v_partition IN
    SELECT listed.* FROM {list_partitions}() AS listed
    WHERE to_timestamp(listed.upper_ms / 1000.0) <= (SELECT min(closed_until) FROM unnest(v_closed_until) AS closed (closed_until))
    ORDER BY listed.upper_ms
  LOOP
    IF NOT ${isMyTurn} THEN
      RETURN json_build_array(v_partition.name, 0, 0, true);
    END IF;
    PERFORM set_config('lock_timeout', p_lock_timeout_ms::text, true);
    -- The partition is read from end to end.
    PERFORM set_config('enable_seqscan', 'on', true);
    BEGIN
      v_dropped := {drop_partition}(v_now, v_partition.partition, coalesce(v_partition.lower_id, {id_of_ms}(0)), v_partition.upper_id, p_statuses, v_closed_until);
    EXCEPTION WHEN lock_not_available THEN
      RETURN json_build_array(v_partition.name, 0, 0, true);
    END;
    IF v_dropped IS NOT NULL THEN
      RETURN v_dropped;
    END IF;
  END LOOP;
  RETURN NULL;
END`,
});

/**
 * All that takes long comes before the lock that stops everybody. After it only what can have changed is looked at again: a failed chain that was redriven,
 * a start that waits for one of the chains. Then all is undone, and tried again another time.
 */
const dropPartition = defineFunction({
  signature:
    "{drop_partition}(p_now timestamptz, p_partition regclass, p_lower uuid, p_upper uuid, p_statuses text[], p_closed_until timestamptz[])",
  returns: "json",
  isUnpinned: true,
  body: `
DECLARE
  v_kept uuid[];
  v_count bigint;
  v_has_changed boolean;
  v_name text := (SELECT relation.relname FROM pg_class AS relation WHERE relation.oid = p_partition);
BEGIN
  EXECUTE format('SELECT coalesce(array_agg(kept.chain_id), ''{}'') FROM (
    SELECT root.chain_id FROM %s AS root WHERE root.chain_index = 0
      AND (root.chain_status <> ALL ($1) OR root.chain_closed_at > ($2)[array_position($1, root.chain_status)])
    UNION SELECT edge.blocked_by_chain_id FROM {job_blocker} AS edge
      JOIN {job} AS waiter ON waiter.chain_id = edge.chain_id AND waiter.chain_index = edge.chain_index
      WHERE edge.blocked_by_chain_id >= $3 AND edge.blocked_by_chain_id < $4 AND waiter.status NOT IN (${spent.replaceAll("'", "''")})
    UNION SELECT named.chain_id FROM {deduplication} AS named
      WHERE named.chain_id >= $3 AND named.chain_id < $4 AND named.kept_until > $5 AND named.kept_until < ''infinity''
    LIMIT ${movedChainCountMax + 1}) AS kept', p_partition)
  INTO v_kept USING p_statuses, p_closed_until, p_lower, p_upper, p_now;
  IF cardinality(v_kept) > ${movedChainCountMax} THEN
    RETURN NULL;
  END IF;
  EXECUTE format('SELECT count(*) FROM %s WHERE chain_index = 0', p_partition) INTO v_count;

  WITH gone AS (
    DELETE FROM {job_blocker} AS edge WHERE edge.chain_id >= p_lower AND edge.chain_id < p_upper AND edge.chain_id NOT IN (SELECT unnest(v_kept))
    RETURNING edge.blocked_by_chain_id)
  UPDATE {job} AS job SET dependents = job.dependents - counted.edge_count
  FROM (
    SELECT gone.blocked_by_chain_id, count(*)::integer AS edge_count FROM gone
    WHERE gone.blocked_by_chain_id < p_lower OR gone.blocked_by_chain_id >= p_upper OR gone.blocked_by_chain_id IN (SELECT unnest(v_kept))
    GROUP BY gone.blocked_by_chain_id ORDER BY gone.blocked_by_chain_id) AS counted
  WHERE job.chain_id = counted.blocked_by_chain_id AND job.chain_index = 0;
  DELETE FROM {job_blocker} AS edge
  WHERE edge.blocked_by_chain_id >= p_lower AND edge.blocked_by_chain_id < p_upper AND edge.blocked_by_chain_id NOT IN (SELECT unnest(v_kept));
  ${["attempt_failure", "chain_label", "deduplication"]
    .map(
      (table) =>
        `DELETE FROM {${table}} AS own WHERE own.chain_id >= p_lower AND own.chain_id < p_upper AND own.chain_id NOT IN (SELECT unnest(v_kept));`,
    )
    .join("\n  ")}

  LOCK TABLE ONLY {job} IN ACCESS EXCLUSIVE MODE;
  EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', p_partition);
  EXECUTE format('SELECT EXISTS (SELECT FROM %s AS root WHERE root.chain_status = ''open'' AND root.chain_id NOT IN (SELECT unnest($1)))
    OR EXISTS (SELECT FROM {job_blocker} AS edge WHERE edge.blocked_by_chain_id >= $2 AND edge.blocked_by_chain_id < $3
      AND edge.blocked_by_chain_id NOT IN (SELECT unnest($1)))', p_partition)
  INTO v_has_changed USING v_kept, p_lower, p_upper;
  IF v_has_changed THEN
    RAISE lock_not_available;
  END IF;
  EXECUTE format('ALTER TABLE {job} DETACH PARTITION %s', p_partition);
  EXECUTE format('INSERT INTO {job} SELECT * FROM %s WHERE chain_id = ANY ($1)', p_partition) USING v_kept;
  EXECUTE format('DROP TABLE %s', p_partition);
  RETURN json_build_array(v_name, v_count - cardinality(v_kept), cardinality(v_kept), false);
END`,
});

/** What makes, lists and drops partitions. On a table that has none it does nothing, so it is there in every installation. */
export const partitionFunctions: readonly string[] = [
  msOfId,
  idOfMs,
  listPartitions,
  makePartition,
  makePartitions,
  dropPartition,
  dropOldestPartition,
];
