import { createTestName, findMainServerUrl } from "@queuert/testkit/postgres";
import type { ChainFilter, JobFilter } from "queuert/adapter";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import {
  createPostgresStateAdapter,
  type PostgresStateAdapter,
} from "../create-postgres-state-adapter.ts";
import { createNodePostgresProvider } from "../providers/node-postgres.ts";
import { openObservedClient, type ObservedClient, type Scan } from "./observe-plans.fixture.ts";

// Trap C10. One connection for all: its plans are made on empty tables and kept.
const schema = createTestName();
const chainCount = 50_000;
const limit = 51;
const idTimeMs = 1_700_000_000_000;

function chainIdAt(place: number): string {
  const time = (idTimeMs + place).toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`;
}

/** The same id in SQL. */
const chainIdOf = (place: string): string =>
  `(lpad(to_hex(${idTimeMs} + ${place}), 12, '0') || '70008000000000000000')::uuid`;

// Of eleven types, in every status: most completed, some failed or cancelled all along, the newest hundredth open. One in five has three jobs.
const populate = `
  INSERT INTO ${schema}.job (chain_id, chain_index, type, chain_type, status, priority, worker_id, created_at, scheduled_at, ready_at, chain_status)
  SELECT ${chainIdOf("n")}, i, CASE WHEN i = 0 THEN type ELSE 'step' END, CASE WHEN i > 0 THEN type END, CASE
      WHEN i < last THEN 'continued'
      WHEN chain_status <> 'open' THEN chain_status
      ELSE (ARRAY['ready', 'ready', 'ready', 'scheduled', 'blocked', 'running'])[1 + n % 6] END, n % 10,
    CASE WHEN i = last AND chain_status = 'open' AND n % 6 = 5 THEN ${chainIdOf("0")} END, now(), now(), now(), CASE WHEN i = 0 THEN chain_status END
  FROM (
    SELECT n, 'type-' || n % 11 AS type, CASE WHEN n % 5 = 0 THEN 2 ELSE 0 END AS last, CASE
      WHEN n >= ${chainCount * 0.99} THEN 'open' WHEN n % 500 = 1 THEN 'failed' WHEN n % 1000 = 2 THEN 'cancelled' ELSE 'completed' END AS chain_status
    FROM generate_series(0, ${chainCount - 1}) AS n) AS chain
  CROSS JOIN LATERAL generate_series(0, last) AS i`;

const populateLabels = `
  INSERT INTO ${schema}.chain_label (chain_id, key, value)
  SELECT ${chainIdOf("n")}, 'tenant', 'tenant-' || n % 2 FROM generate_series(0, ${chainCount - 1}) AS n
  UNION ALL SELECT ${chainIdOf("n")}, 'rare', 'x' FROM generate_series(0, ${chainCount - 1}, 5000) AS n`;

const populateEdges = `
  INSERT INTO ${schema}.job_blocker (chain_id, chain_index, slot, ordinal, blocked_by_chain_id)
  SELECT ${chainIdOf("n + 1")}, 0, 'slot', 0, ${chainIdOf("n")} FROM generate_series(0, ${chainCount - 2}) AS n`;

const common = { key: "tenant", value: "tenant-1" };
const byLists = ["chain_listed", "job_pkey"];
const byLabel = ["chain_label_pkey", "chain_label_value", "job_pkey"];
const byEither = ["chain_label_pkey", "chain_label_value", "chain_listed", "job_pkey"];

const chainKinds: readonly [ChainFilter, readonly string[]][] = [
  [{}, ["chain_label_pkey", "job_pkey"]],
  [{ types: ["type-1"] }, ["chain_label_pkey", ...byLists]],
  [{ statuses: ["open"] }, ["chain_label_pkey", ...byLists]],
  [{ statuses: ["completed"] }, ["chain_label_pkey", ...byLists]],
  [{ statuses: ["failed", "cancelled"] }, ["chain_label_pkey", ...byLists]],
  [{ types: ["type-1", "type-2"], statuses: ["completed"] }, ["chain_label_pkey", ...byLists]],
  [{ label: common }, byLabel],
  [{ label: common, statuses: ["failed"] }, byEither],
  [{ label: { key: "rare", value: "x" }, types: ["type-1"], statuses: ["completed"] }, byEither],
  [{ createdBefore: new Date(idTimeMs + 9_000) }, ["chain_label_pkey", "job_pkey"]],
  [
    { types: ["type-1"], createdAfter: new Date(idTimeMs + 9_000) },
    ["chain_label_pkey", ...byLists],
  ],
];

const jobKinds: readonly [JobFilter, readonly string[]][] = [
  [{}, ["job_pkey"]],
  [{ chainId: chainIdAt(100) }, ["job_pkey"]],
  [{ workerId: chainIdAt(0) }, ["job_pkey", "job_running"]],
  [{ statuses: ["completed"] }, ["chain_listed", "job_pkey"]],
  [{ statuses: ["continued"] }, ["job_pkey"]],
  [{ statuses: ["blocked"] }, ["job_blocked", "job_pkey"]],
  [{ statuses: ["scheduled"] }, ["job_pkey", "job_scheduled"]],
  [{ statuses: ["ready"] }, ["job_pkey", "job_ready"]],
  [{ statuses: ["running"] }, ["job_pkey", "job_running"]],
  [{ statuses: ["failed", "cancelled"] }, ["chain_listed", "job_pkey"]],
  [{ statuses: ["failed"], types: ["type-1"] }, ["job_failed", "job_pkey"]],
  [{ statuses: ["cancelled"], types: ["type-1"] }, ["chain_listed", "job_pkey"]],
];

let observed: ObservedClient;
let state: PostgresStateAdapter<ObservedClient["client"]>;

beforeAll(async () => {
  observed = await openObservedClient(await findMainServerUrl());
  state = createPostgresStateAdapter({
    provider: createNodePostgresProvider({ client: observed.client }),
    schema,
  });
  await state.migrate();
  // Statistics come when the test asks for them.
  await observed.client.query(
    ["job", "chain_label", "job_blocker"]
      .map((table) => `ALTER TABLE ${schema}.${table} SET (autovacuum_enabled = off)`)
      .join("; "),
  );
  for (let count = 0; count < 6; count += 1) await readAll();
  await observed.client.query(populate);
  await observed.client.query(populateLabels);
  await observed.client.query(populateEdges);
});

afterAll(async () => {
  await observed.client.query(`DROP SCHEMA ${schema} CASCADE`);
  await observed.close();
});

/** The first page, and one far from it. */
async function listChains(filter: ChainFilter): Promise<void> {
  for (const order of ["newest", "oldest"] as const) {
    for (const after of [undefined, chainIdAt(chainCount / 2)])
      await state.listChains({ filter, order, after, limit });
  }
}

async function listJobs(filter: JobFilter): Promise<void> {
  for (const order of ["newest", "oldest"] as const) {
    for (const after of [undefined, { chainId: chainIdAt(chainCount / 2), chainIndex: 0 }])
      await state.listJobs({ filter, order, after, limit });
  }
}

async function readAll(): Promise<void> {
  for (const [filter] of chainKinds) {
    await listChains(filter);
    await state.countChains({ filter, cap: 1 });
  }
  for (const [filter] of jobKinds) await listJobs(filter);
  await state.stats({ cap: 1 });
  await readOne(chainIdAt(0));
}

/** All that is read of one chain. */
async function readOne(chainId: string): Promise<void> {
  const key = { chainId, chainIndex: 0 };
  await state.getChains({ tx: undefined, chainIds: [chainId] });
  await state.getJobs({ tx: undefined, keys: [key] });
  await state.listAttempts({ key });
  await state.chainGraph({ chainId, depth: 2, limit });
}

/** What reads a table without an index, or comes near to all there is. */
function scansBeyond(rowCountMax: number, scans: readonly Scan[]): readonly Scan[] {
  return scans.filter(
    ({ index, rowCount, removedCount }) =>
      index === undefined || rowCount + removedCount > rowCountMax,
  );
}

function indexesOf(scans: readonly Scan[]): readonly string[] {
  return [...new Set(scans.map(({ index }) => index ?? "none"))].toSorted();
}

describe.each(["made on empty tables", "made after ANALYZE"])("plans of the reads, %s", (when) => {
  beforeAll(async () => {
    if (when === "made after ANALYZE")
      await observed.client.query(
        `VACUUM ANALYZE ${schema}.job, ${schema}.chain_label, ${schema}.job_blocker`,
      );
  });

  test.each(chainKinds)("C10: a page of chains, %j", async (filter, indexes) => {
    const scans = await observed.observe(async () => listChains(filter));
    // A label with types or statuses reads stretches of 200 of each list that it is looked for in.
    expect(scansBeyond(filter.label === undefined ? 11 * limit : 11 * 200, scans)).toEqual([]);
    expect(indexesOf(scans)).toEqual(indexes);
  });

  test.each(jobKinds)("C10: a page of jobs, %j", async (filter, indexes) => {
    const scans = await observed.observe(async () => listJobs(filter));
    expect(scansBeyond(5_000, scans)).toEqual([]);
    expect(indexes).toEqual(expect.arrayContaining([...indexesOf(scans)]));
  });

  test.each(chainKinds)("C10: a count of chains ends at its cap, %j", async (filter) => {
    const scans = await observed.observe(async () => state.countChains({ filter, cap: 100 }));
    // Rows are averages of loops, and rounded.
    expect(scansBeyond(filter.label === undefined ? 110 : 11 * 200, scans)).toEqual([]);
  });

  test("what belongs to one chain is reached by its key", async () => {
    const scans = await observed.observe(async () => readOne(chainIdAt(chainCount / 2)));
    expect(scansBeyond(15, scans)).toEqual([]);
    expect(indexesOf(scans)).toEqual([
      "attempt_failure_pkey",
      "chain_label_pkey",
      "job_blocker_blocking",
      "job_blocker_pkey",
      "job_pkey",
    ]);
  });

  test("statistics count no further than their cap", async () => {
    const scans = await observed.observe(async () => state.stats({ cap: 10 }));
    // Of ready jobs, it also looks for the oldest in each priority.
    expect(scansBeyond(2 * 11 * 10, scans)).toEqual([]);
    expect(indexesOf(scans)).toEqual([
      "job_blocked",
      "job_failed",
      "job_ready",
      "job_running",
      "job_scheduled",
      "job_type_pkey",
    ]);
  });
});
