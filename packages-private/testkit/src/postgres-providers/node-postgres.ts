import { createNodePostgresProvider } from "@queuert/postgres/node-postgres";
import pg from "pg";

import type { OpenProvider } from "./open-provider.ts";

export async function open(url: string): Promise<OpenProvider> {
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  pool.on("error", () => undefined);
  return {
    provider: createNodePostgresProvider({ pool }),
    async transaction(run) {
      const client = await pool.connect();
      try {
        await client.query("BEGIN");
        const result = await run(client);
        await client.query("COMMIT");
        return result;
      } catch (error) {
        await client.query("ROLLBACK");
        throw error;
      } finally {
        client.release();
      }
    },
    noTransactions: [pool],
    async insertOwnRow(tx, table, text) {
      await (tx as pg.PoolClient).query(`INSERT INTO ${table} VALUES ($1)`, [text]);
    },
    dispose: async () => pool.end(),
  };
}
