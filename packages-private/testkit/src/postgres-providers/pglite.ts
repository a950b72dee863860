import { PGlite, type Transaction } from "@electric-sql/pglite";
import { createPgliteProvider } from "@queuert/postgres/pglite";

import type { OpenProvider } from "./open-provider.ts";

export async function open(): Promise<OpenProvider> {
  const db = await PGlite.create();
  return {
    provider: createPgliteProvider({ db }),
    transaction: async (run) => db.transaction(run),
    noTransactions: [db],
    async insertOwnRow(tx, table, text) {
      await (tx as Transaction).query(`INSERT INTO ${table} VALUES ($1)`, [text]);
    },
    dispose: async () => db.close(),
  };
}
