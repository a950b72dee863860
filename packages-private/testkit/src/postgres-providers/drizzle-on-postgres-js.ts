import { createDrizzleProvider } from "@queuert/postgres/drizzle";
import { sql } from "drizzle-orm";
import type { PgTransaction } from "drizzle-orm/pg-core";
import { drizzle, type PostgresJsQueryResultHKT } from "drizzle-orm/postgres-js";
import postgres from "postgres";

import type { OpenProvider } from "./open-provider.ts";

export async function open(url: string): Promise<OpenProvider> {
  const client = postgres(url, { max: 10, onnotice: () => undefined });
  const db = drizzle(client);
  return {
    provider: createDrizzleProvider({ db }),
    transaction: async (run) => db.transaction(run),
    noTransactions: [db, client],
    async insertOwnRow(tx, table, text) {
      await (tx as PgTransaction<PostgresJsQueryResultHKT>).execute(
        sql`INSERT INTO ${sql.raw(table)} VALUES (${text})`,
      );
    },
    dispose: async () => client.end({ timeout: 1 }),
  };
}
