import { createKnexProvider } from "@queuert/postgres/knex";
import createKnex, { type Knex } from "knex";

import type { OpenProvider } from "./open-provider.ts";

export async function open(url: string): Promise<OpenProvider> {
  const knex = createKnex({
    client: "pg",
    connection: url,
    pool: { min: 0, max: 10 },
    // It tells of every connection that a test ends.
    log: { warn: () => undefined },
  });
  return {
    provider: createKnexProvider({ knex }),
    transaction: async (run) => knex.transaction(run),
    noTransactions: [knex],
    async insertOwnRow(tx, table, text) {
      await (tx as Knex.Transaction).raw(`INSERT INTO ${table} VALUES (?)`, [text]);
    },
    dispose: async () => knex.destroy(),
  };
}
