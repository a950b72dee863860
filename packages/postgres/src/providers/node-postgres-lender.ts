import { StoreSetupError, TransactionNestedError } from "queuert/adapter";

import { createConnectionTurns } from "./connection-turns.ts";
import {
  isInTransaction,
  isNodePostgresClient,
  queryClient,
  type NodePostgresClient,
} from "./node-postgres-client.ts";
import type { PostgresRow, PostgresStatement } from "./provider.ts";

/** The part of a node-postgres `PoolClient` that the adapter uses. */
export interface NodePostgresPoolClient extends NodePostgresClient {
  release(error?: Error | boolean): void;
}

/** The part of a node-postgres `Pool` that the adapter uses. */
export interface NodePostgresPool<TClient extends NodePostgresPoolClient> {
  // Overloads give their types away by place, so the one with a callback has to stand here for the other to be found.
  connect: {
    (): Promise<TClient>;
    (callback: (error: Error | undefined, client: TClient | undefined) => void): void;
  };
  readonly options: { readonly max?: number | undefined };
}

/** A client that nobody else uses meanwhile. */
export interface LentClient {
  readonly client: NodePostgresClient;
  /** Runs statements of ours. Where they fail for more than the server's refusal, the connection is closed instead of used again. */
  watched<TResult>(statements: () => Promise<TResult>): Promise<TResult>;
}

/** Lends out the clients of a pool, or the one that there is. */
export interface ClientLender {
  readonly connectionCountMax: number | undefined;
  lend<TResult>(operation: string, work: (lent: LentClient) => Promise<TResult>): Promise<TResult>;
}

export function createPoolLender(pool: NodePostgresPool<NodePostgresPoolClient>): ClientLender {
  return {
    connectionCountMax: pool.options.max,
    async lend(_, work) {
      const client = await pool.connect();
      let isLost = false;
      const lose = (): void => void (isLost = true);
      // The pool listens to idle clients only; unheard, a connection that breaks between two statements ends the process.
      client.on("error", lose);
      try {
        return await work({
          client,
          async watched(statements) {
            try {
              return await statements();
            } catch (error) {
              if (!isRefusal(error)) lose();
              throw error;
            }
          },
        });
      } finally {
        client.off("error", lose);
        // Whoever had to end the transaction could not.
        client.release(isLost || isInTransaction(client) === true);
      }
    },
  };
}

export function createSingleClientLender(client: NodePostgresClient): ClientLender {
  if (!isNodePostgresClient(client)) {
    throw new StoreSetupError(
      "The value given as client is no client of node-postgres. Pass a connected Client, or a Pool as pool.",
    );
  }
  const turns = createConnectionTurns();
  return {
    connectionCountMax: 1,
    lend: async (operation, work) =>
      turns.run(async () => {
        // A transaction begun past the adapter: what is written here would be somebody else's to roll back.
        if (isInTransaction(client) === true) throw new TransactionNestedError(operation);
        return work({ client, watched: (statements) => statements() });
      }),
  };
}

export async function queryOnLentClient(
  { lend }: ClientLender,
  statement: PostgresStatement,
): Promise<readonly PostgresRow[]> {
  return lend("query", async ({ client, watched }) =>
    watched(async () => queryClient(client, statement)),
  );
}

/** Whether the server answered, and is ready for the next statement. Else the connection is lost, or still busy with this one. */
function isRefusal(error: unknown): boolean {
  return (error as { readonly severity?: unknown } | null)?.severity === "ERROR";
}
