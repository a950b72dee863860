import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { ledgerTables } from "../workload/ledger.ts";
import type { ChaosDatabase } from "./chaos-database.ts";

/** A file of its own. */
export async function createSqliteDatabase(): Promise<ChaosDatabase> {
  const folder = await mkdtemp(join(tmpdir(), "queuert-chaos-"));
  const filename = join(folder, "chaos.db");
  const connection = new DatabaseSync(filename, { timeout: 30_000 });
  connection.exec("PRAGMA journal_mode = WAL");
  const name = (sql: string): string => sql.replaceAll(/\{(\w+)\}/g, "queuert_$1");
  const database: ChaosDatabase = {
    adapter: "sqlite",
    location: { adapter: "sqlite", filename },
    query: async <TRow>(sql: string, values: readonly (string | number | null)[] = []) =>
      connection.prepare(name(sql)).all(...values) as TRow[],
    async execute(statements) {
      connection.exec("BEGIN IMMEDIATE");
      try {
        for (const statement of statements) connection.exec(name(statement));
        connection.exec("COMMIT");
      } catch (error) {
        connection.exec("ROLLBACK");
        throw error;
      }
    },
    howToLook: `sqlite3 ${filename}`,
    async drop() {
      await database.close();
      await rm(folder, { recursive: true, force: true });
    },
    close: async () => connection.close(),
  };
  await database.execute(ledgerTables.map((table) => table.replaceAll("{id}", "text")));
  return database;
}
