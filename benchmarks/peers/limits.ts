import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { query } from "@queuert/testkit/postgres";

import type { DurableServer } from "../support/postgres-server.ts";
import { createInput, effectTable } from "./system.ts";
import { createFloorTable, floorTable } from "./systems/floor-statements.ts";

const execute = promisify(execFile);

/** What the server can do by itself with the statements of a minimal queue: pgbench sends them, no queue's process. */
interface Limit {
  readonly clientCount: number;
  readonly script: string;
  /** Rates are rows, not transactions: counts those of a state. */
  readonly countedState: number;
}

const input = JSON.stringify(createInput(12_345));

/** Two transactions, as a queue has to make them: the claim is durable before the handlers run. */
const claimAndComplete = (size: number): string => `
  UPDATE ${floorTable} SET state = 1
  WHERE id IN (SELECT id FROM ${floorTable} WHERE state = 0 ORDER BY id LIMIT ${size} FOR UPDATE SKIP LOCKED);
  UPDATE ${floorTable} SET state = 2
  WHERE id IN (SELECT id FROM ${floorTable} WHERE state = 1 LIMIT ${size} FOR UPDATE SKIP LOCKED);`;

const limits: Readonly<Record<string, Limit>> = {
  "insert 1, 1 client": {
    clientCount: 1,
    script: `INSERT INTO ${floorTable} (state, input) VALUES (3, '${input}');`,
    countedState: 3,
  },
  "insert 1, 20 clients": {
    clientCount: 20,
    script: `INSERT INTO ${floorTable} (state, input) VALUES (3, '${input}');`,
    countedState: 3,
  },
  "insert 1,000": {
    clientCount: 2,
    script: `INSERT INTO ${floorTable} (state, input) SELECT 3, '${input}' FROM generate_series(1, 1000);`,
    countedState: 3,
  },
  "claim and complete 100": {
    clientCount: 4,
    script: claimAndComplete(100),
    countedState: 2,
  },
  "write and complete, 20 clients": {
    clientCount: 20,
    script: `
      \\set job random(1, 400000)
      BEGIN;
      INSERT INTO ${effectTable} (job) VALUES (:job);
      UPDATE ${floorTable} SET state = 2 WHERE id = :job AND state = 0;
      COMMIT;`,
    countedState: 2,
  },
};

/** Rows that claims may take; more than a server claims in the time of one limit. */
const filledCount = 400_000;

/** Rows per second by limit's name; undefined where there is no pgbench. */
export async function measureLimits(
  server: DurableServer,
  durationSeconds: number,
): Promise<Readonly<Record<string, number>> | undefined> {
  if (!(await hasPgbench())) return undefined;
  const rates: Record<string, number> = {};
  for (const [name, limit] of Object.entries(limits))
    rates[name] = await measureLimit(server, limit, durationSeconds);
  return rates;
}

async function hasPgbench(): Promise<boolean> {
  return execute("pgbench", ["--version"]).then(
    () => true,
    () => false,
  );
}

async function measureLimit(
  server: DurableServer,
  { clientCount, script, countedState }: Limit,
  durationSeconds: number,
): Promise<number> {
  const database = await server.createDatabase();
  const folder = await mkdtemp(join(tmpdir(), "queuert-limits-"));
  try {
    await query(database.url, createFloorTable);
    await query(database.url, `CREATE TABLE ${effectTable} (job integer NOT NULL)`);
    await query(database.url, `CREATE INDEX ON ${floorTable} (id) WHERE state = 1`);
    await query(
      database.url,
      `INSERT INTO ${floorTable} (input) SELECT '${input}'::jsonb FROM generate_series(1, ${filledCount})`,
    );
    await query(database.url, `VACUUM ANALYZE ${floorTable}`);
    const file = join(folder, "script.sql");
    await writeFile(file, joinStatements(script));
    await execute("pgbench", [
      "--no-vacuum",
      "--protocol=prepared",
      `--client=${clientCount}`,
      `--time=${durationSeconds}`,
      `--file=${file}`,
      database.url,
    ]);
    const [row] = await query<{ count: number }>(
      database.url,
      `SELECT count(*)::int AS count FROM ${floorTable} WHERE state = ${countedState}`,
    );
    return (row?.count ?? 0) / durationSeconds;
  } finally {
    await rm(folder, { recursive: true });
    await database.drop();
  }
}

/** pgbench reads a meta-command to the end of its line. */
function joinStatements(script: string): string {
  return `${script
    .split("\n")
    .map((line) => line.trim())
    .join("\n")}\n`;
}
