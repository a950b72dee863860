import { setTimeout as wait } from "node:timers/promises";

import type { TestServer } from "@queuert/testkit/postgres";
import pg from "pg";

import { ledgerTables } from "../workload/ledger.ts";
import type { ChaosDatabase } from "./chaos-database.ts";
import { numberValues, type Value } from "./sql.ts";

const poolSize = 5;
const retryMs = { pause: 200, limit: 60_000 };

/** A database of its own on a server that is there to be mistreated. */
export async function createPostgresDatabase(server: TestServer): Promise<ChaosDatabase> {
  const { url, drop } = await server.createDatabase();
  // What a fault ends by its application's name leaves this one alone.
  const pool = new pg.Pool({ connectionString: url, max: 2, application_name: observerName });
  pool.on("error", () => undefined);
  const name = (sql: string): string => sql.replaceAll(/\{(\w+)\}/g, "queuert.$1");
  const database: ChaosDatabase = {
    adapter: "postgres",
    location: { adapter: "postgres", url, poolSize },
    query: async <TRow>(sql: string, values: readonly Value[] = []) =>
      untilAnswered(
        async () => (await pool.query(numberValues(name(sql)), [...values])).rows as TRow[],
      ),
    async execute(statements) {
      const client = await pool.connect();
      try {
        await client.query("BEGIN");
        for (const statement of statements) await client.query(name(statement));
        await client.query("COMMIT");
      } catch (error) {
        await client.query("ROLLBACK");
        throw error;
      } finally {
        client.release();
      }
    },
    howToLook: `psql ${url}`,
    async drop() {
      await database.close();
      await drop();
    },
    close: async () => pool.end(),
  };
  await database.execute(ledgerTables.map((table) => table.replaceAll("{id}", "uuid")));
  return database;
}

export const observerName = "chaos observer";

/** A read may be asked again, as often as the server goes down. */
async function untilAnswered<TResult>(read: () => Promise<TResult>): Promise<TResult> {
  const deadline = performance.now() + retryMs.limit;
  for (;;) {
    try {
      return await read();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await wait(retryMs.pause);
    }
  }
}
