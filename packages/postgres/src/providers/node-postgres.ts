import {
  executeOnClient,
  isInTransaction,
  isNodePostgresClient,
  queryClient,
  type NodePostgresClient,
} from "./node-postgres-client.ts";
import {
  createPoolLender,
  createSingleClientLender,
  queryOnLentClient,
  type LentClient,
  type NodePostgresPool,
  type NodePostgresPoolClient,
} from "./node-postgres-lender.ts";
import type { PostgresProvider } from "./provider.ts";
import { endedTransactionError, failedTransactionError } from "./transaction-errors.ts";

export type { NodePostgresClient, NodePostgresQuery } from "./node-postgres-client.ts";
export type { NodePostgresPool, NodePostgresPoolClient } from "./node-postgres-lender.ts";
export {
  createNodePostgresListener,
  type NodePostgresListeningClient,
} from "../notify/listeners/node-postgres.ts";

/**
 * Binds the adapter to node-postgres. Transactions are handed over as the library's own clients: a `PoolClient` of the pool, or the one
 * `Client`, which is connected already. Both stay the user's to set up, to listen to for `error` events, and to end.
 *
 * A single client does one thing at a time: transactions, and calls without one, wait for each other. Give a pool where there is a choice.
 */
export function createNodePostgresProvider<TClient extends NodePostgresPoolClient>(options: {
  readonly pool: NodePostgresPool<TClient>;
}): PostgresProvider<TClient>;
export function createNodePostgresProvider<TClient extends NodePostgresClient>(options: {
  // A pool has all that a client has, and would run each statement on another connection.
  readonly client: TClient & { readonly totalCount?: never };
}): PostgresProvider<TClient>;
export function createNodePostgresProvider(
  options:
    | { readonly pool: NodePostgresPool<NodePostgresPoolClient> }
    | { readonly client: NodePostgresClient },
): PostgresProvider<NodePostgresClient> {
  const lender =
    "pool" in options ? createPoolLender(options.pool) : createSingleClientLender(options.client);
  return {
    name: "node-postgres",
    connectionCountMax: lender.connectionCountMax,
    isTransaction: isNodePostgresClient,
    isOpen: isInTransaction,
    transaction: async (run) =>
      lender.lend("transaction", async (lent) => runTransaction(lent, run)),
    query: async (tx, statement) =>
      tx === undefined ? queryOnLentClient(lender, statement) : queryClient(tx, statement),
  };
}

async function runTransaction<TResult>(
  { client, watched }: LentClient,
  run: (tx: NodePostgresClient) => Promise<TResult>,
): Promise<TResult> {
  const execute = async (text: string) => watched(async () => executeOnClient(client, text));
  await execute("BEGIN ISOLATION LEVEL READ COMMITTED");
  let result: TResult;
  try {
    result = await run(client);
    if (isInTransaction(client) === false) throw endedTransactionError();
  } catch (error) {
    // Where this fails too, the connection is closed, and the server rolls back.
    await execute("ROLLBACK").catch(() => undefined);
    throw error;
  }
  const command = await execute("COMMIT");
  if (command !== "COMMIT") throw failedTransactionError();
  return result;
}
