import { readdirSync } from "node:fs";

import type { ChainFilter, JobFilter } from "queuert/adapter";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { sessionStatements } from "./connections/session.ts";
import { migrateStatements } from "./migrations/migrate.ts";
import {
  claim,
  createTestDatabase,
  newChainId,
  registerWorker,
  type TestConnection,
  type TestDatabase,
} from "./sqlite.fixture.ts";
import { createNameTables } from "./table-names.ts";

// 100,000 jobs in every status, with and without what ANALYZE knows: a plan must not depend on it.
const populate = `
  WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 99999)
  INSERT INTO queuert_job (chain_id, chain_index, type, chain_type, status, priority, attempt, claim_no, worker_id, created_at, scheduled_at,
    ready_at, claimed_at, open_blockers, blocker_count, chain_status)
  SELECT printf('%08x-0000-7000-8000-000000000000', n / 2), n % 2, 'type-' || (n % 7), 'type-' || (n % 7), status, n % 10, 0, 0,
    CASE status WHEN 'running' THEN 'worker-' || (n % 5) END, 0, n, n, n, 0, 0, CASE n % 2 WHEN 0 THEN 'open' END
  FROM (SELECT n, CASE WHEN n % 2 = 0 THEN 'continued' WHEN n % 100 < 60 THEN 'ready' WHEN n % 100 < 80 THEN 'scheduled' WHEN n % 100 < 90
    THEN 'completed' WHEN n % 100 < 92 THEN 'blocked' WHEN n % 100 < 94 THEN 'failed' WHEN n % 100 < 96 THEN 'cancelled' ELSE 'running' END AS status FROM numbers)`;

const chainFilters: readonly ChainFilter[] = [
  {},
  { types: ["type-1", "type-2"] },
  { statuses: ["open"] },
  { statuses: ["failed", "cancelled"] },
  { statuses: ["completed"], types: ["type-1"] },
  { label: { key: "k", value: "v" } },
  { createdAfter: new Date(0), createdBefore: new Date() },
];

const jobFilters: readonly JobFilter[] = [
  {},
  { chainId: newChainId() },
  { chainId: newChainId(), workerId: "worker-1" },
  { workerId: "worker-1" },
  { statuses: ["blocked", "failed", "cancelled"] },
  { statuses: ["ready"], types: ["type-1"] },
  { statuses: ["scheduled"] },
  { statuses: ["running"] },
  { statuses: ["completed"] },
];

let database: TestDatabase;
let connection: TestConnection;
/** Every statement that is not made while it is asked: name → SQL. */
const fixed = new Map<string, string>();
/** Every statement that the adapter prepared while it was asked for all kinds of lists. */
const recorded = new Set<string>();

beforeAll(async () => {
  database = createTestDatabase();
  const provider = database.provider();
  const state = await database.openMigrated({
    provider: {
      ...provider,
      prepare: (handle, sql) => {
        recorded.add(sql);
        return provider.prepare(handle, sql);
      },
    },
  });
  connection = database.connect();
  connection.exec(populate);
  for (const order of ["newest", "oldest"] as const) {
    for (const filter of chainFilters) {
      await state.listChains({ filter, order, after: newChainId(), limit: 10 });
      await state.countChains({ filter, cap: 10 });
    }
    for (const filter of jobFilters) {
      await state.listJobs({ filter, order, after: undefined, limit: 10 });
      await state.listJobs({
        filter,
        order,
        after: { chainId: newChainId(), chainIndex: 0 },
        limit: 10,
      });
    }
  }
  const nameTables = createNameTables("queuert_");
  const modules = await Promise.all(
    readdirSync(new URL("statements/", import.meta.url)).map(
      async (file) =>
        (await import(new URL(`statements/${file}`, import.meta.url).href)) as Record<
          string,
          unknown
        >,
    ),
  );
  const groups = [
    ...modules.flatMap((module) => Object.entries(module)),
    ["migrateStatements", migrateStatements] as const,
    ["sessionStatements", sessionStatements] as const,
  ];
  for (const [group, statements] of groups) {
    if (!group.endsWith("Statements")) continue;
    for (const [name, sql] of Object.entries(statements as Record<string, string>))
      fixed.set(`${group.slice(0, -"Statements".length)}.${name}`, nameTables(sql));
  }
});
afterAll(async () => database.dispose());

function explain(sql: string): readonly string[] {
  return (connection.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[]).map(
    ({ detail }) => detail,
  );
}

const byKey = "USING INDEX sqlite_autoindex_queuert_job_1 (chain_id=? AND chain_index=?)";

/** The hot path, and the index that each step of it goes by. */
const expectedIndex: Readonly<Record<string, string>> = {
  "attemptFence.findAttempt": byKey,
  "attemptFence.noteStarted": byKey,
  "claimJobs.listReady": "USING INDEX queuert_job_by_readiness (type=?)",
  "claimJobs.hasReady": "USING COVERING INDEX queuert_job_by_readiness (type=?)",
  "claimJobs.claimJob": byKey,
  "claimJobs.findRunning": byKey,
  "finishJob.finishJob": byKey,
  "finishJob.finishRoot": byKey,
  "finishJob.closeRoot": byKey,
  "settleAttempt.putBack": byKey,
  "settleAttempt.putBackAt": byKey,
  "insertJob.findChainStatus": byKey,
  "insertJob.countDependent": byKey,
  "releaseDependants.listEdges":
    "USING COVERING INDEX queuert_job_blocker_by_blocking (blocked_by_chain_id=?)",
  "releaseDependants.countEdgesDown": byKey,
  "startChains.findRoot": byKey,
  "deduplicate.findChainOfKey": byKey,
  "promoteJobs.promote": "queuert_job_by_schedule (scheduled_at<?)",
  "promoteJobs.nextDue": "queuert_job_by_schedule",
  "retireChains.walkCompleted":
    "USING INDEX sqlite_autoindex_queuert_job_1 (chain_id>? AND chain_id<?)",
  "retireChains.walkOther":
    "USING INDEX queuert_chain_ended_badly (chain_status=? AND chain_id>? AND chain_id<?)",
  "retireChains.oldestCompleted": "USING INDEX sqlite_autoindex_queuert_job_1",
  "retireChains.oldestOther": "USING COVERING INDEX queuert_chain_ended_badly (chain_status=?)",
  "retireChains.findClosed": byKey,
  "retireChains.isAwaited":
    "USING COVERING INDEX queuert_job_blocker_by_blocking (blocked_by_chain_id=?)",
  "retireChains.isKeyKept": "USING INDEX queuert_deduplication_by_chain (chain_id=?)",
  "retireChains.deleteEdgesTo":
    "USING COVERING INDEX queuert_job_blocker_by_blocking (blocked_by_chain_id=?)",
  "workers.listRunning": "USING INDEX queuert_job_running (worker_id=?)",
  "lease.findLease": "sqlite_autoindex_queuert_worker_1 (worker_id=?)",
  "findChain.findLastJob": "USING INDEX sqlite_autoindex_queuert_job_1 (chain_id=?)",
};

/** Scans that are meant: of tables that stay small, and of what workers hold, which is bounded by what they can run. */
const smallScans: readonly RegExp[] = [
  /^SCAN (queuert_)?(worker|job_type|migration|dead|sqlite_schema)\b/,
  /USING (COVERING )?INDEX queuert_job_running\b/,
  /^SCAN (json_each|present|CONSTANT ROW|\(subquery|queuert_numbers)/,
];

const isSmall = (line: string): boolean => smallScans.some((pattern) => pattern.test(line));

describe.each(["without statistics", "after ANALYZE"])("on 100,000 jobs %s", (mode) => {
  beforeAll(() => {
    if (mode === "after ANALYZE") connection.exec("ANALYZE");
  });

  it("every statement prepares on the real schema", () => {
    expect(fixed.size).toBeGreaterThan(60);
    expect(recorded.size).toBeGreaterThan(30);
    for (const sql of [...fixed.values(), ...recorded]) connection.prepare(sql);
  });

  it("C8 C8b C9: the hot path goes by its indexes", () => {
    const plans = Object.fromEntries(
      Object.keys(expectedIndex).map((name) => [name, explain(fixed.get(name)!).join(" | ")]),
    );
    for (const [name, index] of Object.entries(expectedIndex))
      expect(plans[name], name).toContain(index);
  });

  it("C8 F3: no statement scans jobs, edges, labels or keys", () => {
    const scans = [...fixed].flatMap(([name, sql]) =>
      explain(sql)
        .filter((line) => line.startsWith("SCAN") && !isSmall(line))
        .map((line) => `${name}: ${line}`),
    );
    // From the newest, until it has counted as many as are to be kept.
    expect(scans).toEqual([
      "retireChains.oldestCompleted: SCAN queuert_job USING INDEX sqlite_autoindex_queuert_job_1",
    ]);
  });

  it("C8b: nothing sorts but what is small", () => {
    const sorts = [...fixed].flatMap(([name, sql]) =>
      explain(sql)
        .filter((line) => line.includes("TEMP B-TREE"))
        .map(() => name),
    );
    // Workers, and what they hold.
    expect([...new Set(sorts)].toSorted()).toEqual([
      "chainGraph.listBlockers",
      "deleteChains.listBlocking",
      "listWorkers.listWorkers",
      "reapJobs.listLost",
      "stats.running",
    ]);
  });

  it("C10: pages of chains and jobs come in the order of an index, but for the few statuses whose index is in another one", () => {
    const pages = [...recorded].filter(
      (sql) => sql.includes("ORDER BY") && sql.includes("json_each"),
    );
    expect(pages.length).toBeGreaterThan(20);
    for (const sql of pages) {
      const isOfStatus = /INDEXED BY queuert_job_(by_readiness|by_schedule|running)/.test(sql);
      expect(
        explain(sql).some((line) => line.includes("TEMP B-TREE FOR ORDER BY")),
        sql,
      ).toBe(isOfStatus);
    }
  });

  it("C8b: a claim looks at no more entries than it takes, whatever is ready of other types", async () => {
    const state = await database.openMigrated();
    const workerId = await registerWorker(state);
    expect(await claim(state, workerId, ["no such type"])).toEqual([]);
    expect(await claim(state, workerId, ["type-1"])).toHaveLength(100);
  });
});
