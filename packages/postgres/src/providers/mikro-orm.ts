import { assertCommittable } from "./assert-committable.ts";
import { createKyselyQuery, type KyselyQuery } from "./kysely-query.ts";
import type { PostgresProvider, PostgresRow, PostgresStatement } from "./provider.ts";

/** What of Kysely, on which MikroORM stands, runs statements. */
interface KyselyExecutor {
  executeQuery(query: KyselyQuery): Promise<{ rows: PostgresRow[] }>;
}

/** Kysely's `ControlledTransaction`. */
interface TransactionContext extends KyselyExecutor {
  readonly isCommitted: boolean;
  readonly isRolledBack: boolean;
  rollback(): { execute(): Promise<unknown> };
  getExecutor(): {
    provideConnection(use: (connection: KyselyConnection) => Promise<void>): Promise<void>;
  };
}

/** What a transaction of Kysely holds of the pool. */
interface KyselyConnection {
  executeQuery(query: KyselyQuery): Promise<{ rows: unknown[] }>;
}

/** What node-postgres, which has no codes for it, says of a client whose connection is gone. */
const goneMessage = /is not queryable$/;

/** The part of MikroORM's `EntityManager` that the adapter uses of a transaction. */
export interface MikroOrmTransaction {
  getTransactionContext(): unknown;
}

/** The part of the `EntityManager` of `@mikro-orm/postgresql` that the adapter uses. */
export interface MikroOrmEntityManager<TTransaction extends MikroOrmTransaction> {
  fork(options: { disableContextResolution: true }): TTransaction & {
    transactional<TResult>(
      run: (tx: TTransaction) => Promise<TResult>,
      options: { isolationLevel: never },
    ): Promise<TResult>;
  };
  getConnection(type: "write"): { getClient(): unknown };
}

/**
 * Binds the adapter to MikroORM with `@mikro-orm/postgresql`. Transactions are handed over as the `EntityManager` of the transaction, which is
 * flushed before the commit. Those of your own `em.transactional()` and `em.begin()` may be passed as well.
 *
 * A savepoint of the adapter's undoes rows, and not what the `EntityManager` remembers of entities: flush before it, and clear after it fails.
 *
 * `connectionCountMax` is the size of the pool; MikroORM does not tell it. With it, a call that would wait for its own transaction throws.
 */
export function createMikroOrmProvider<TTransaction extends MikroOrmTransaction>(options: {
  readonly em: MikroOrmEntityManager<TTransaction>;
  readonly connectionCountMax?: number;
}): PostgresProvider<TTransaction> {
  const { em, connectionCountMax } = options;
  return {
    name: "MikroORM",
    connectionCountMax,
    isTransaction: isEntityManager<TTransaction>,
    isOpen(tx) {
      const context = contextOf(tx);
      return context !== undefined && isOpen(context);
    },
    // A fork of the root: the manager that the caller is inside of would make it a savepoint of its own transaction.
    async transaction(run) {
      let context: TransactionContext | undefined;
      try {
        return await em.fork({ disableContextResolution: true }).transactional(
          async (tx) => {
            context = contextOf(tx);
            const result = await run(tx);
            await assertCommittable(async (sql) => execute(executorOf(tx), sql));
            return result;
          },
          { isolationLevel: "read committed" as never },
        );
      } catch (error) {
        if (context !== undefined) await giveBackConnection(context);
        throw error;
      }
    },
    query: async (tx, { text, values }) =>
      execute(
        tx === undefined
          ? (em.getConnection("write").getClient() as KyselyExecutor)
          : executorOf(tx),
        text,
        values,
      ),
  };
}

/**
 * A transaction that could neither commit nor roll back, since its connection is gone, keeps its place in the pool for ever. It gives it back
 * by a rollback that succeeds, so that one is made to.
 */
async function giveBackConnection(context: TransactionContext): Promise<void> {
  if (!isOpen(context)) return;
  await context.getExecutor().provideConnection(async (connection) => {
    const failure: unknown = await connection.executeQuery(createKyselyQuery("ROLLBACK", [])).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (failure instanceof Error && goneMessage.test(failure.message)) {
      connection.executeQuery = async () => ({ rows: [] });
    }
  });
  await context
    .rollback()
    .execute()
    .catch(() => undefined);
}

function isOpen({ isCommitted, isRolledBack }: TransactionContext): boolean {
  return !isCommitted && !isRolledBack;
}

function contextOf(tx: MikroOrmTransaction): TransactionContext | undefined {
  return tx.getTransactionContext() as TransactionContext | undefined;
}

function executorOf(tx: MikroOrmTransaction): KyselyExecutor {
  return contextOf(tx)!;
}

async function execute(
  executor: KyselyExecutor,
  text: string,
  values: PostgresStatement["values"] = [],
): Promise<readonly PostgresRow[]> {
  return (await executor.executeQuery(createKyselyQuery(text, values))).rows;
}

function isEntityManager<TTransaction extends MikroOrmTransaction>(
  value: unknown,
): value is TTransaction {
  if (typeof value !== "object" || value === null) return false;
  return typeof (value as Partial<MikroOrmTransaction>).getTransactionContext === "function";
}
