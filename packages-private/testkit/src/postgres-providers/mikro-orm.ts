import { MikroORM, type SqlEntityManager } from "@mikro-orm/postgresql";
import { createMikroOrmProvider } from "@queuert/postgres/mikro-orm";

import type { OpenProvider } from "./open-provider.ts";

const connectionCountMax = 10;

export async function open(url: string): Promise<OpenProvider> {
  const orm = await MikroORM.init({
    clientUrl: url,
    entities: [],
    discovery: { warnWhenNoEntities: false },
    pool: { max: connectionCountMax },
    logger: () => undefined,
  });
  return {
    provider: createMikroOrmProvider({ em: orm.em, connectionCountMax }),
    transaction: async (run) => orm.em.fork().transactional(run),
    noTransactions: [orm, orm.em, orm.em.fork()],
    async insertOwnRow(tx, table, text) {
      await (tx as SqlEntityManager).execute(`INSERT INTO ${table} VALUES (?)`, [text]);
    },
    dispose: async () => orm.close(),
  };
}
