import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { createTestName, findMainServerUrl } from "@queuert/testkit/postgres";
import pg from "pg";
import type { MigrationReport } from "queuert/adapter";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { createNodePostgresProvider } from "../providers/node-postgres.ts";
import type { PostgresProvider } from "../providers/provider.ts";
import {
  completeChains,
  createTestInstallation,
  type TestInstallation,
} from "./installation.fixture.ts";
import { newChain } from "../new-chain.fixture.ts";
import { currentVersion, migrations } from "./migrations.ts";

let installation: TestInstallation;
beforeEach(async () => {
  installation = await createTestInstallation();
});
afterEach(async () => installation.dispose());

const upToDate: MigrationReport = { applied: [], version: currentVersion };
const migrated: MigrationReport = {
  applied: migrations.map(({ version }) => version),
  version: currentVersion,
};

describe("migrate", () => {
  it(
    "C13: eight processes migrate a schema that is not there yet, and one of them does it",
    { timeout: 60_000 },
    async () => {
      const url = await findMainServerUrl();
      const script = fileURLToPath(new URL("migrate-process.fixture.ts", import.meta.url));
      const run = async (): Promise<MigrationReport> => {
        const { stdout } = await promisify(execFile)(process.execPath, [
          ...process.execArgv,
          script,
          url,
          installation.schema,
        ]);
        return JSON.parse(stdout) as MigrationReport;
      };
      const reports = await Promise.all(Array.from({ length: 8 }, run));
      expect(reports.filter(({ applied }) => applied.length > 0)).toEqual([migrated]);
      expect(reports.filter(({ applied }) => applied.length === 0)).toEqual(
        Array.from({ length: 7 }, () => upToDate),
      );
      await startOne();
    },
  );

  it("C13: two installations in one schema are made at once", async () => {
    const reports = await Promise.all(
      ["", "one_", "two_", "Three_"].map((tablePrefix) =>
        installation.open({ tablePrefix }).migrate(),
      ),
    );
    expect(reports).toEqual(Array.from({ length: 4 }, () => migrated));
  });

  it("is content with a schema that somebody else made, without the right to make one", async () => {
    const { schema, query } = installation;
    await query(`CREATE SCHEMA ${schema}`);
    await asRole(async (role, provider) => {
      await query(`GRANT ALL ON SCHEMA ${schema} TO ${role}`);
      expect(await installation.open({ provider }).migrate()).toEqual(migrated);
      await expect(
        installation.open({ provider, schema: `${schema}_other` }).migrate(),
      ).rejects.toMatchObject({ code: "STORE_SETUP_INVALID" });
    });
  });

  it("a role that may only use what somebody else migrated does so, and finds it up to date", async () => {
    const { schema, query } = installation;
    await installation.openMigrated();
    await asRole(async (role, provider) => {
      await query(`GRANT USAGE ON SCHEMA ${schema} TO ${role}`);
      await query(
        `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role}`,
      );
      const state = installation.open({ provider });
      expect(await state.migrate()).toEqual(upToDate);
      const chains = [newChain()];
      await state.startChains({ tx: undefined, chains });
      await completeChains(state, chains);
      expect(await state.stats({ cap: 1 })).toBeDefined();
    });
  });

  it("C12: a statement waits no longer than lockTimeoutMs, nothing is left, and the next migration succeeds", async () => {
    const { schema, pool, query } = installation;
    await query(`CREATE SCHEMA ${schema}`);
    const holder = await pool.connect();
    try {
      await holder.query("BEGIN");
      // Whoever creates a table of the same name waits to see what becomes of this one.
      await holder.query(`CREATE TABLE ${schema}.worker ()`);
      await expect(installation.open({ lockTimeoutMs: 10 }).migrate()).rejects.toMatchObject({
        code: "STORE_CONFLICT",
      });
    } finally {
      await holder.query("ROLLBACK");
      holder.release();
    }
    expect(
      await query("SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace", schema),
    ).toEqual([]);
    expect(await installation.open().migrate()).toEqual(migrated);
  });

  it("C12: waits for nobody when the schema is up to date", async () => {
    const { schema, pool } = installation;
    await installation.openMigrated();
    const holder = await pool.connect();
    try {
      await holder.query("BEGIN");
      await holder.query(`LOCK TABLE ${schema}.job, ${schema}.worker IN ACCESS EXCLUSIVE MODE`);
      expect(await installation.open({ lockTimeoutMs: 1 }).migrate()).toEqual(upToDate);
    } finally {
      await holder.query("ROLLBACK");
      holder.release();
    }
  });

  it("refuses a schema that is newer than it knows, and leaves it as it is", async () => {
    const { schema, query } = installation;
    const state = await installation.openMigrated();
    await query(`INSERT INTO ${schema}.migration (version) VALUES ('999')`);
    await expect(installation.open().migrate()).rejects.toMatchObject({
      code: "STORE_SETUP_INVALID",
      message: expect.stringContaining("999"),
    });
    expect(await query(`SELECT version FROM ${schema}.migration ORDER BY version`)).toEqual([
      currentVersion,
      "999",
    ]);
    // What runs goes on running while others are updated, and so does what starts meanwhile.
    await state.startChains({ tx: undefined, chains: [newChain()] });
    await startOne();
  });

  it("rolls back as a whole when a statement fails", async () => {
    const { schema, query } = installation;
    // In the way of a table that is made late.
    await query(`CREATE SCHEMA ${schema}`);
    await query(`CREATE TABLE ${schema}.worker (text text)`);
    const state = installation.open();
    await expect(state.migrate()).rejects.toThrow("worker");
    expect(
      await query("SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace", schema),
    ).toEqual(["worker"]);
    await query(`DROP TABLE ${schema}.worker`);
    expect(await state.migrate()).toEqual(migrated);
  });

  it("tells operations on a database without tables to migrate", async () => {
    const state = installation.open();
    const setup = { code: "STORE_SETUP_INVALID", message: expect.stringContaining("migrate()") };
    await expect(state.startChains({ tx: undefined, chains: [newChain()] })).rejects.toMatchObject(
      setup,
    );
    await state.migrate();
    await startOne();
  });
});

/** Runs `run` with connections of a role of its own that has no rights but those that it is given. */
async function asRole(
  run: (role: string, provider: PostgresProvider<pg.PoolClient>) => Promise<void>,
): Promise<void> {
  const { query } = installation;
  const role = createTestName();
  await query(`CREATE ROLE ${role}`);
  const pool = new pg.Pool({
    connectionString: await findMainServerUrl(),
    options: `-c role=${role}`,
  });
  try {
    await run(role, createNodePostgresProvider({ pool }));
  } finally {
    await pool.end();
    await query(`DROP OWNED BY ${role} CASCADE`);
    await query(`DROP ROLE ${role}`);
  }
}

async function startOne(): Promise<void> {
  const chain = newChain();
  await installation.open().startChains({ tx: undefined, chains: [chain] });
  const ids = await installation.query(`SELECT chain_id FROM ${installation.schema}.job`);
  expect(ids).toContain(chain.chainId);
}
