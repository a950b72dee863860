import { createPostgresJsProvider } from "@queuert/postgres/postgres-js";
import postgres from "postgres";

import type { OpenProvider } from "./open-provider.ts";

export async function open(url: string): Promise<OpenProvider> {
  const sql = postgres(url, { max: 10, onnotice: () => undefined });
  return {
    provider: createPostgresJsProvider({ sql }),
    transaction: async (run) => sql.begin(run) as never,
    noTransactions: [sql],
    async insertOwnRow(tx, table, text) {
      await (tx as postgres.TransactionSql).unsafe(`INSERT INTO ${table} VALUES ($1)`, [text]);
    },
    dispose: async () => sql.end({ timeout: 1 }),
  };
}
