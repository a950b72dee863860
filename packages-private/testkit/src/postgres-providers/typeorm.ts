import { createTypeormProvider } from "@queuert/postgres/typeorm";
import { DataSource, type EntityManager } from "typeorm";

import type { OpenProvider } from "./open-provider.ts";

export async function open(url: string): Promise<OpenProvider> {
  const dataSource = new DataSource({
    type: "postgres",
    url,
    poolSize: 10,
    poolErrorHandler: () => undefined,
  });
  await dataSource.initialize();
  return {
    provider: createTypeormProvider({ dataSource }),
    transaction: async (run) => dataSource.transaction(run),
    noTransactions: [dataSource, dataSource.manager],
    async insertOwnRow(tx, table, text) {
      await (tx as EntityManager).query(`INSERT INTO ${table} VALUES ($1)`, [text]);
    },
    dispose: async () => dataSource.destroy(),
  };
}
