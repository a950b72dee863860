import { createPrismaProvider } from "@queuert/postgres/prisma";

import type { OpenProvider } from "./open-provider.ts";
import { createPrismaClient, type PrismaTestTransaction } from "./prisma-client.ts";

const connectionCountMax = 10;

export async function open(url: string): Promise<OpenProvider> {
  const prisma = await createPrismaClient(url, { max: connectionCountMax, timeoutMs: 60_000 });
  return {
    provider: createPrismaProvider({ prisma, connectionCountMax }),
    transaction: async (run) => prisma.$transaction(run),
    noTransactions: [prisma],
    async insertOwnRow(tx, table, text) {
      await (tx as PrismaTestTransaction).$executeRawUnsafe(
        `INSERT INTO ${table} VALUES ($1)`,
        text,
      );
    },
    dispose: async () => prisma.$disconnect(),
  };
}
