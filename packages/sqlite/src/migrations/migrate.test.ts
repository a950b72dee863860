import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import type { MigrationReport } from "queuert/adapter";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import {
  clientNames,
  createTestDatabase,
  isThere,
  newChain,
  type TestDatabase,
} from "../sqlite.fixture.ts";
import { currentVersion, migrations } from "./migrations.ts";

let database: TestDatabase;
beforeEach(() => {
  database = createTestDatabase();
});
afterEach(async () => database.dispose());

describe("migrate", () => {
  it(
    "C13: eight processes migrate a file that is not there yet, and one of them does it",
    { timeout: 60_000 },
    async () => {
      const script = fileURLToPath(new URL("migrate-process.fixture.ts", import.meta.url));
      const run = async (): Promise<MigrationReport> => {
        const { stdout } = await promisify(execFile)(process.execPath, [
          ...process.execArgv,
          script,
          database.filename,
        ]);
        return JSON.parse(stdout) as MigrationReport;
      };
      const reports = await Promise.all(Array.from({ length: 8 }, run));
      expect(reports.filter(({ applied }) => applied.length > 0)).toEqual([
        { applied: migrations.map(({ version }) => version), version: currentVersion },
      ]);
      expect(reports.every(({ version }) => version === currentVersion)).toBe(true);
      const state = database.open();
      const chain = newChain();
      await state.startChains({ tx: undefined, chains: [chain] });
      expect(await isThere(state, chain.chainId)).toBe(true);
    },
  );

  it("refuses a schema that is newer than it knows, and leaves it as it is", async () => {
    const state = await database.openMigrated();
    const connection = database.connect();
    connection.exec("INSERT INTO queuert_migration (version, applied_at) VALUES ('999', 0)");
    await expect(database.open().migrate()).rejects.toMatchObject({
      code: "STORE_SETUP_INVALID",
      message: expect.stringContaining("999"),
    });
    expect(
      connection.prepare("SELECT version FROM queuert_migration ORDER BY version").all(),
    ).toEqual([{ version: currentVersion }, { version: "999" }]);
    // What runs goes on running while others are updated, and so does what starts meanwhile.
    await state.startChains({ tx: undefined, chains: [newChain()] });
    await database.open().startChains({ tx: undefined, chains: [newChain()] });
  });

  it("rolls back as a whole when a statement fails", async () => {
    const connection = database.connect();
    // In the way of a table that is made late.
    connection.exec("CREATE TABLE queuert_worker (text TEXT)");
    const state = database.open();
    await expect(state.migrate()).rejects.toThrow("queuert_worker");
    expect(
      connection.prepare("SELECT name FROM sqlite_schema WHERE name LIKE 'queuert%'").all(),
    ).toEqual([{ name: "queuert_worker" }]);
    connection.exec("DROP TABLE queuert_worker");
    expect(await state.migrate()).toMatchObject({ applied: [currentVersion] });
  });

  it("tells operations on a database without tables to migrate", async () => {
    const state = database.open();
    const setup = { code: "STORE_SETUP_INVALID", message: expect.stringContaining("migrate()") };
    await expect(state.startChains({ tx: undefined, chains: [newChain()] })).rejects.toMatchObject(
      setup,
    );
    await expect(state.stats({ cap: 1 })).rejects.toMatchObject(setup);
    await expect(
      state.transaction(async (tx) => state.startChains({ tx, chains: [newChain()] })),
    ).rejects.toMatchObject(setup);
    await state.migrate();
    await state.startChains({ tx: undefined, chains: [newChain()] });
  });

  it("makes the schema of schema.sql, which shows what a change of the migrations does", async () => {
    await database.openMigrated();
    const rows = database
      .connect()
      .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")
      .all() as { sql: string }[];
    await expect(`${rows.map(({ sql }) => `${sql};`).join("\n\n")}\n`).toMatchFileSnapshot(
      "schema.sql",
    );
  });

  it.each(clientNames)("%s finds a schema that it made itself", async (client) => {
    const own = createTestDatabase(client);
    expect(await own.open().migrate()).toEqual({ applied: ["001"], version: "001" });
    expect(await own.open().migrate()).toEqual({ applied: [], version: "001" });
    await own.dispose();
  });
});

it("versions stand in the order of the list, three digits each", () => {
  expect(migrations.map(({ version }) => version)).toEqual(
    migrations.map((_, place) => `${place + 1}`.padStart(3, "0")),
  );
});
