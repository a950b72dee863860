/**
 * The tables of the first schema. One statement each, with `{table}` names.
 *
 * `job` keeps its columns in the order in which PostgreSQL packs them best: fixed ones first, payloads last. A root has no `chain_type`: it is its
 * own type. There is no foreign key from job to job: it would lock roots on every insert, and stop partitions from being dropped.
 *
 * Every index on `job` is written anew by both updates of a job, since the status stands in the predicates; hence few and partial ones, so that
 * a job stands only in those of its own status. Equal keys of `job_ready` are deduplicated by the B-tree, so its key ends with the time.
 *
 * `job` has no CHECK constraints: the server parses and compiles each anew for every statement that writes a row, a third of what a
 * statement for one row takes it (decision 0019). The tests look at the rows instead.
 *
 * On the root row only: dependents, is_keyed, is_unannounced, chain_status, chain_closed_at.
 */
export function tables({ isPartitioned }: SchemaLayout): readonly string[] {
  const job = `CREATE TABLE {job} (${jobColumns})`;
  return [
    ...(isPartitioned
      ? [`${job} ${byTime}`, createDefaultPartition]
      : [`${job} WITH (${jobSettings})`]),
    ...jobIndexes,
    ...sideTables,
  ];
}

/** What an installation has chosen about its tables. */
export interface SchemaLayout {
  /** Whether the job table is divided by the time of the chain ids. */
  readonly isPartitioned: boolean;
}

/**
 * Of the job table, or of each of its partitions; measured in decision 0018. A fifth of each page is left for new versions of its rows; a payload
 * that is compressed is kept out of the row rather than written anew with each update; and dead rows are cleaned up from one in a hundred on.
 */
export const jobSettings: string = [
  "fillfactor = 80",
  "toast_tuple_target = 512",
  "autovacuum_vacuum_scale_factor = 0.01",
  "autovacuum_vacuum_threshold = 1000",
  "autovacuum_vacuum_cost_limit = 2000",
].join(", ");

export const byTime = "PARTITION BY RANGE (chain_id)";

/** For chains of a time that no partition was made for: a start must not fail for want of one (trap C15). */
export const createDefaultPartition: string = `CREATE TABLE {job_default} PARTITION OF {job} DEFAULT WITH (${jobSettings})`;

const jobColumns = `
  chain_id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  scheduled_at timestamptz NOT NULL,
  ready_at timestamptz,
  claimed_at timestamptz,
  completed_at timestamptz,
  chain_closed_at timestamptz,
  chain_index integer NOT NULL,
  attempt integer NOT NULL DEFAULT 0,
  claim_no integer NOT NULL DEFAULT 0,
  open_blockers integer NOT NULL DEFAULT 0,
  blocker_count integer NOT NULL DEFAULT 0,
  dependents integer NOT NULL DEFAULT 0,
  priority smallint NOT NULL,
  is_keyed boolean NOT NULL DEFAULT false,
  is_unannounced boolean NOT NULL DEFAULT false,
  worker_id uuid,
  completed_by uuid,
  status text NOT NULL,
  hold text,
  chain_status text,
  type text NOT NULL,
  chain_type text,
  trace_context text,
  input text,
  output text,
  error text,
  progress text,
  PRIMARY KEY (chain_id, chain_index)
`;

export const jobIndexes: readonly string[] = [
  `CREATE INDEX {=job_ready} ON {job} (type, priority, ready_at) WHERE status = 'ready'`,
  `CREATE INDEX {=job_due} ON {job} (scheduled_at) WHERE status = 'scheduled'`,
  `CREATE INDEX {=job_scheduled} ON {job} (type) WHERE status = 'scheduled'`,
  `CREATE INDEX {=job_running} ON {job} (worker_id) WHERE status = 'running'`,
  `CREATE INDEX {=job_blocked} ON {job} (type) WHERE status = 'blocked'`,
  `CREATE INDEX {=job_failed} ON {job} (type, chain_id, chain_index) WHERE status = 'failed'`,
  `CREATE INDEX {=chain_listed} ON {job} (chain_status, type, chain_id) WHERE chain_status IS NOT NULL`,
  `CREATE INDEX {=chain_stopped} ON {job} (chain_status, chain_id) WHERE chain_status IN ('failed', 'cancelled')`,
];

const sideTables: readonly string[] = [
  `CREATE TABLE {job_blocker} (
  chain_id uuid NOT NULL,
  blocked_by_chain_id uuid NOT NULL,
  chain_index integer NOT NULL,
  ordinal integer NOT NULL,
  slot text NOT NULL,
  PRIMARY KEY (chain_id, chain_index, slot, ordinal)
)`,
  `CREATE INDEX {=job_blocker_blocking} ON {job_blocker} (blocked_by_chain_id)`,

  `CREATE TABLE {deduplication} (
  chain_id uuid NOT NULL,
  kept_until timestamptz,
  expires_at timestamptz,
  type text NOT NULL,
  key text NOT NULL,
  PRIMARY KEY (type, key)
)`,
  `CREATE INDEX {=deduplication_chain} ON {deduplication} (chain_id)`,
  `CREATE INDEX {=deduplication_expiry} ON {deduplication} (expires_at) WHERE expires_at IS NOT NULL`,

  `CREATE TABLE {chain_label} (
  chain_id uuid NOT NULL,
  key text NOT NULL,
  value text NOT NULL,
  PRIMARY KEY (chain_id, key)
)`,
  `CREATE INDEX {=chain_label_value} ON {chain_label} (key, value, chain_id)`,

  `CREATE TABLE {attempt_failure} (
  chain_id uuid NOT NULL,
  worker_id uuid NOT NULL,
  started_at timestamptz NOT NULL,
  ended_at timestamptz NOT NULL,
  chain_index integer NOT NULL,
  claim_no integer NOT NULL,
  attempt integer NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('retried', 'failed', 'lost')),
  error text,
  PRIMARY KEY (chain_id, chain_index, claim_no)
)`,

  // Renewed on every beat of every worker: room in the page lets the new version stay in it, with no index to write.
  `CREATE TABLE {worker} (
  worker_id uuid NOT NULL PRIMARY KEY,
  started_at timestamptz NOT NULL,
  lease_until timestamptz NOT NULL,
  pid bigint NOT NULL,
  concurrency bigint NOT NULL,
  name text NOT NULL,
  host text NOT NULL,
  types text NOT NULL
) WITH (fillfactor = 50)`,

  `CREATE TABLE {job_type} (
  type text NOT NULL PRIMARY KEY,
  is_paused boolean NOT NULL
)`,
];
