import { createDrizzleProvider } from "@queuert/postgres/drizzle";
import { sql } from "drizzle-orm";
import { drizzle, type NodePgQueryResultHKT } from "drizzle-orm/node-postgres";
import type { PgTransaction } from "drizzle-orm/pg-core";
import pg from "pg";

import type { OpenProvider } from "./open-provider.ts";

export async function open(url: string): Promise<OpenProvider> {
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  pool.on("error", () => undefined);
  const db = drizzle(pool);
  return {
    provider: createDrizzleProvider({ db }),
    transaction: async (run) => db.transaction(run),
    noTransactions: [db, pool],
    async insertOwnRow(tx, table, text) {
      await (tx as PgTransaction<NodePgQueryResultHKT>).execute(
        sql`INSERT INTO ${sql.raw(table)} VALUES (${text})`,
      );
    },
    dispose: async () => pool.end(),
  };
}
