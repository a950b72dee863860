CREATE TABLE queuert_migration (version TEXT NOT NULL PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT;

CREATE TABLE queuert_job (
  chain_id TEXT NOT NULL,
  chain_index INTEGER NOT NULL CHECK (chain_index >= 0),
  type TEXT NOT NULL,
  chain_type TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('blocked', 'scheduled', 'ready', 'running', 'completed', 'continued', 'failed', 'cancelled')),
  hold TEXT CHECK (hold IN ('held', 'suspect')),
  priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 9),
  attempt INTEGER NOT NULL CHECK (attempt >= 0),
  claim_no INTEGER NOT NULL,
  worker_id TEXT CHECK ((worker_id IS NOT NULL) = (status = 'running')),
  created_at INTEGER NOT NULL,
  scheduled_at INTEGER NOT NULL,
  ready_at INTEGER,
  claimed_at INTEGER,
  completed_at INTEGER,
  completed_by TEXT,
  open_blockers INTEGER NOT NULL CHECK (open_blockers >= 0),
  blocker_count INTEGER NOT NULL,
  dependents INTEGER NOT NULL DEFAULT 0,
  is_keyed INTEGER NOT NULL DEFAULT 0,
  is_unannounced INTEGER NOT NULL DEFAULT 0,
  chain_status TEXT CHECK (chain_status IN ('open', 'completed', 'failed', 'cancelled')),
  chain_closed_at INTEGER,
  trace_context TEXT,
  progress TEXT,
  error TEXT,
  output TEXT,
  input TEXT,
  PRIMARY KEY (chain_id, chain_index)
) STRICT;

CREATE INDEX queuert_job_by_readiness ON queuert_job (type, priority, ready_at, chain_id, chain_index) WHERE status = 'ready';

CREATE INDEX queuert_job_by_schedule ON queuert_job (scheduled_at, chain_id, chain_index) WHERE status = 'scheduled';

CREATE INDEX queuert_job_scheduled ON queuert_job (type) WHERE status = 'scheduled';

CREATE INDEX queuert_job_running ON queuert_job (worker_id) WHERE status = 'running';

CREATE INDEX queuert_job_blocked ON queuert_job (type, chain_id, chain_index) WHERE status = 'blocked';

CREATE INDEX queuert_job_failed ON queuert_job (type, chain_id, chain_index) WHERE status = 'failed';

CREATE INDEX queuert_job_cancelled ON queuert_job (type, chain_id, chain_index) WHERE status = 'cancelled';

CREATE INDEX queuert_chain_by_type ON queuert_job (type, chain_id) WHERE chain_index = 0;

CREATE INDEX queuert_chain_open ON queuert_job (type, chain_id) WHERE chain_index = 0 AND chain_status = 'open';

CREATE INDEX queuert_chain_ended_badly ON queuert_job (chain_status, chain_id) WHERE chain_index = 0 AND chain_status NOT IN ('open', 'completed');

CREATE TABLE queuert_job_blocker (
  chain_id TEXT NOT NULL,
  chain_index INTEGER NOT NULL,
  slot TEXT NOT NULL,
  ordinal INTEGER NOT NULL,
  blocked_by_chain_id TEXT NOT NULL,
  PRIMARY KEY (chain_id, chain_index, slot, ordinal)
) STRICT, WITHOUT ROWID;

CREATE INDEX queuert_job_blocker_by_blocking ON queuert_job_blocker (blocked_by_chain_id);

CREATE TABLE queuert_deduplication (
  type TEXT NOT NULL,
  key TEXT NOT NULL,
  chain_id TEXT NOT NULL,
  kept_until INTEGER,
  expires_at INTEGER,
  PRIMARY KEY (type, key)
) STRICT;

CREATE INDEX queuert_deduplication_by_chain ON queuert_deduplication (chain_id);

CREATE INDEX queuert_deduplication_by_expiry ON queuert_deduplication (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE queuert_chain_label (
  chain_id TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (chain_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX queuert_chain_label_by_value ON queuert_chain_label (key, value, chain_id);

CREATE TABLE queuert_attempt_failure (
  chain_id TEXT NOT NULL,
  chain_index INTEGER NOT NULL,
  claim_no INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  worker_id TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('retried', 'failed', 'lost')),
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  error TEXT,
  PRIMARY KEY (chain_id, chain_index, claim_no)
) STRICT;

CREATE TABLE queuert_worker (
  worker_id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  types TEXT NOT NULL,
  concurrency INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  lease_until INTEGER NOT NULL
) STRICT;

CREATE TABLE queuert_job_type (
  type TEXT NOT NULL PRIMARY KEY,
  is_paused INTEGER NOT NULL
) STRICT;
