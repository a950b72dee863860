import { assertCommittable } from "./assert-committable.ts";
import { createBegunTransactions } from "./begun-transactions.ts";
import type { PostgresProvider, PostgresRow } from "./provider.ts";

/** What of Prisma runs statements: the client, and its interactive transactions. */
export interface PrismaExecutor {
  $queryRawUnsafe<TResult>(text: string, ...values: (string | null)[]): PromiseLike<TResult>;
}

/** The part of a `PrismaClient` that the adapter uses. */
export interface PrismaDatabase<TTransaction extends PrismaExecutor> extends PrismaExecutor {
  $transaction<TResult>(
    run: (tx: TTransaction) => Promise<TResult>,
    options: { isolationLevel: "ReadCommitted" },
  ): Promise<TResult>;
}

/**
 * Binds the adapter to Prisma with a driver adapter for PostgreSQL. Transactions are handed over as Prisma's `TransactionClient`; those
 * of your own `prisma.$transaction(async (tx) => …)` may be passed as well.
 *
 * Prisma ends an interactive transaction after 5 s: give the client `transactionOptions` with a `timeout` that your handlers keep to.
 *
 * `connectionCountMax` is the size of the pool; Prisma does not tell it. With it, a call that would wait for its own transaction throws.
 */
export function createPrismaProvider<TTransaction extends PrismaExecutor>(options: {
  readonly prisma: PrismaDatabase<TTransaction>;
  readonly connectionCountMax?: number;
}): PostgresProvider<TTransaction> {
  const { prisma, connectionCountMax } = options;
  const begun = createBegunTransactions<TTransaction>();
  return {
    name: "Prisma",
    connectionCountMax,
    isTransaction: isPrismaTransaction<TTransaction>,
    isOpen: begun.isOpen,
    transaction: async (run) =>
      prisma.$transaction(
        async (tx) => {
          const result = await begun.run(tx, run);
          await assertCommittable((sql) => tx.$queryRawUnsafe(sql));
          return result;
        },
        { isolationLevel: "ReadCommitted" },
      ),
    query: async (tx, { text, values }) =>
      (tx ?? prisma).$queryRawUnsafe<PostgresRow[]>(text, ...values),
  };
}

/** A transaction is the client without the methods that need no transaction or another one. */
function isPrismaTransaction<TTransaction extends PrismaExecutor>(
  value: unknown,
): value is TTransaction {
  if (typeof value !== "object" || value === null) return false;
  const { $queryRawUnsafe, $connect } = value as Partial<PrismaExecutor> & { $connect?: unknown };
  return typeof $queryRawUnsafe === "function" && $connect === undefined;
}
