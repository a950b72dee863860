import { assertCommittable } from "./assert-committable.ts";
import { createBegunTransactions } from "./begun-transactions.ts";
import { createKyselyQuery, type KyselyQuery } from "./kysely-query.ts";
import type { PostgresProvider, PostgresRow, PostgresStatement } from "./provider.ts";

export type { KyselyQuery } from "./kysely-query.ts";

/** The part of `Kysely` and of `Transaction` that the adapter uses to send a statement. */
export interface KyselyExecutor {
  withoutPlugins(): { executeQuery(query: KyselyQuery): Promise<{ rows: unknown[] }> };
}

/** The part of Kysely's `Transaction` that the adapter uses. */
export interface KyselyTransaction extends KyselyExecutor {
  readonly isTransaction: true;
}

/** The part of a `Kysely` instance that the adapter uses. */
export interface KyselyDatabase<TTransaction extends KyselyTransaction> extends KyselyExecutor {
  transaction(): {
    setIsolationLevel(level: "read committed"): {
      execute<TResult>(run: (tx: TTransaction) => Promise<TResult>): Promise<TResult>;
    };
  };
}

/** The part of a node-postgres `Pool` that the adapter listens to. */
export interface KyselyPool {
  readonly options: { readonly max?: number | undefined };
  on(
    event: "acquire",
    listener: (client: { on(event: "error", listener: (error: Error) => void): unknown }) => void,
  ): unknown;
}

/**
 * Binds the adapter to Kysely with a PostgreSQL dialect. Transactions are handed over as Kysely's `Transaction<DB>`, and may come from
 * `db.transaction()` and `db.startTransaction()` as well. Plugins of `db` see nothing of the adapter's statements.
 *
 * Give the `pool` that the dialect has. Kysely does not listen to the clients that it takes from it, and node-postgres ends the process when
 * the connection of such a client breaks between two statements; with the pool, only the transaction fails.
 *
 * `connectionCountMax` is the most connections of a dialect without such a pool. Where it is known, a call that would wait for its own
 * transaction throws `TransactionNestedError` instead.
 */
export function createKyselyProvider<TTransaction extends KyselyTransaction>(options: {
  readonly db: KyselyDatabase<TTransaction>;
  readonly pool?: KyselyPool;
  readonly connectionCountMax?: number;
}): PostgresProvider<TTransaction> {
  const { db, pool, connectionCountMax = pool?.options.max } = options;
  if (pool !== undefined) listenToClients(pool);
  const begun = createBegunTransactions<TTransaction>();
  return {
    name: "Kysely",
    connectionCountMax,
    isTransaction: isKyselyTransaction<TTransaction>,
    isOpen: begun.isOpen,
    transaction: async (run) =>
      db
        .transaction()
        .setIsolationLevel("read committed")
        .execute(async (tx) => {
          const result = await begun.run(tx, run);
          await assertCommittable(async (sql) => execute(tx, sql));
          return result;
        }),
    query: async (tx, { text, values }) => execute(tx ?? db, text, values),
  };
}

async function execute(
  executor: KyselyExecutor,
  text: string,
  values: PostgresStatement["values"] = [],
): Promise<readonly PostgresRow[]> {
  const { rows } = await executor.withoutPlugins().executeQuery(createKyselyQuery(text, values));
  return rows as readonly PostgresRow[];
}

function listenToClients(pool: KyselyPool): void {
  const heard = new WeakSet<object>();
  pool.on("acquire", (client) => {
    if (heard.has(client)) return;
    heard.add(client);
    // Whoever uses the client finds out by its next statement.
    client.on("error", () => undefined);
  });
}

function isKyselyTransaction<TTransaction extends KyselyTransaction>(
  value: unknown,
): value is TTransaction {
  if (typeof value !== "object" || value === null) return false;
  const { isTransaction, withoutPlugins } = value as Partial<KyselyTransaction>;
  return isTransaction === true && typeof withoutPlugins === "function";
}
