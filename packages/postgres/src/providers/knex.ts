import { assertCommittable } from "./assert-committable.ts";
import { executeOnClient, queryClient, type NodePostgresClient } from "./node-postgres-client.ts";
import type { PostgresProvider } from "./provider.ts";

/** The part of Knex and of its transactions that lends the connections of node-postgres. */
export interface KnexConnections {
  readonly client: {
    // Knex types its connections as any.
    acquireConnection(): PromiseLike<unknown>;
    releaseConnection(connection: unknown): PromiseLike<unknown>;
    readonly pool?: { readonly max?: number };
  };
}

/** The part of a `Knex.Transaction` that the adapter uses. */
export interface KnexTransaction extends KnexConnections {
  isCompleted(): boolean;
}

/** The part of a `Knex` instance that the adapter uses. */
export interface KnexDatabase<TTransaction extends KnexTransaction> extends KnexConnections {
  transaction<TResult>(
    run: (tx: TTransaction) => Promise<TResult>,
    config: { isolationLevel: "read committed" },
  ): Promise<TResult>;
}

/**
 * Binds the adapter to Knex with the client "pg". Transactions are handed over as `Knex.Transaction`; nested ones, and those of your own
 * `knex.transaction()`, may be passed as well. Statements of the adapter go to the connection as they are, so `knex.on("query")` does not show them.
 */
export function createKnexProvider<TTransaction extends KnexTransaction>(options: {
  readonly knex: KnexDatabase<TTransaction>;
}): PostgresProvider<TTransaction> {
  const { knex } = options;
  return {
    name: "Knex",
    connectionCountMax: knex.client.pool?.max,
    isTransaction: isKnexTransaction<TTransaction>,
    isOpen: (tx) => !tx.isCompleted(),
    transaction: async (run) =>
      knex.transaction(
        async (tx) => {
          const result = await run(tx);
          await withConnection(tx, async (client) =>
            assertCommittable(async (sql) => executeOnClient(client, sql)),
          );
          return result;
        },
        { isolationLevel: "read committed" },
      ),
    query: async (tx, statement) =>
      withConnection(tx ?? knex, async (client) => queryClient(client, statement)),
  };
}

/** A transaction lends the connection that it has; knex itself, one of the pool. */
async function withConnection<TResult>(
  { client }: KnexConnections,
  work: (connection: NodePostgresClient) => Promise<TResult>,
): Promise<TResult> {
  const connection = await client.acquireConnection();
  try {
    return await work(connection as NodePostgresClient);
  } finally {
    await client.releaseConnection(connection);
  }
}

function isKnexTransaction<TTransaction extends KnexTransaction>(
  value: unknown,
): value is TTransaction {
  if (typeof value !== "function") return false;
  const { isCompleted, client } = value as unknown as Partial<KnexTransaction>;
  return typeof isCompleted === "function" && client !== undefined;
}
