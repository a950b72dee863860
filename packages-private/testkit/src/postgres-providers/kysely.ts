import { createKyselyProvider } from "@queuert/postgres/kysely";
import { Kysely, PostgresDialect, sql, type Transaction } from "kysely";
import pg from "pg";

import type { OpenProvider } from "./open-provider.ts";

export async function open(url: string): Promise<OpenProvider> {
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  pool.on("error", () => undefined);
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  return {
    provider: createKyselyProvider({ db, pool }),
    transaction: async (run) => db.transaction().execute(run),
    noTransactions: [db],
    async insertOwnRow(tx, table, text) {
      await sql`INSERT INTO ${sql.raw(table)} VALUES (${text})`.execute(tx as Transaction<unknown>);
    },
    // Before its first statement Kysely does not know of the pool.
    dispose: async () => (pool.ended ? undefined : pool.end()),
  };
}
