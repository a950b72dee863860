import { StoreSetupError } from "queuert/adapter";

import { assertCommittable } from "./assert-committable.ts";
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
  type ClientLender,
  type NodePostgresPool,
  type NodePostgresPoolClient,
} from "./node-postgres-lender.ts";
import { createPgliteProvider, type PgliteDatabase, type PgliteTransaction } from "./pglite.ts";
import {
  createPostgresJsProvider,
  type PostgresJsSql,
  type PostgresJsTransaction,
} from "./postgres-js.ts";
import type { PostgresProvider, PostgresRow, PostgresStatement } from "./provider.ts";

/** Drizzle's session: it sends statements with its `client`, and makes the transactions on it. */
export interface DrizzleSession {
  readonly client: object;
  transaction<TResult>(
    run: (tx: object) => Promise<TResult>,
    config?: { readonly isolationLevel: "read committed" },
  ): Promise<TResult>;
}

/** What Drizzle stands on. A client is what sessions inside of a transaction send their statements with. */
export interface DrizzleDriver {
  readonly connectionCountMax: number | undefined;
  isOpen(client: object): boolean | undefined;
  query(client: object | undefined, statement: PostgresStatement): Promise<readonly PostgresRow[]>;
  transaction<TResult>(
    session: DrizzleSession,
    run: (tx: object) => Promise<TResult>,
  ): Promise<TResult>;
}

/** @throws StoreSetupError for a driver that is none of node-postgres, postgres.js and PGlite. */
export function createDrizzleDriver(driver: unknown): DrizzleDriver {
  if (isPool(driver)) return onNodePostgres(createPoolLender(driver));
  if (isPglite(driver)) return onPglite(driver);
  if (isNodePostgresClient(driver)) return onNodePostgres(createSingleClientLender(driver));
  if (isPostgresJs(driver)) return onPostgresJs(driver);
  throw new StoreSetupError(
    "The Drizzle database stands on an unknown driver. Use drizzle-orm with node-postgres, postgres.js or PGlite, or write a provider of your own.",
  );
}

function onNodePostgres(lender: ClientLender): DrizzleDriver {
  return {
    connectionCountMax: lender.connectionCountMax,
    isOpen: (client) => isInTransaction(client as NodePostgresClient),
    query: async (client, statement) =>
      client === undefined
        ? queryOnLentClient(lender, statement)
        : queryClient(client as NodePostgresClient, statement),
    // On a client that is lent, since Drizzle lets an idle connection that breaks end the process, and loses the one that cannot begin.
    transaction: async (session, run) =>
      lender.lend("transaction", async ({ client }) =>
        withClient(session, client).transaction(
          async (tx) => {
            const result = await run(tx);
            await assertCommittable(async (sql) => executeOnClient(client, sql));
            return result;
          },
          { isolationLevel: "read committed" },
        ),
      ),
  };
}

function onPostgresJs(sql: PostgresJsSql<PostgresJsTransaction>): DrizzleDriver {
  return onProvider(createPostgresJsProvider({ sql }), (transaction) => ({ begin: transaction }));
}

function onPglite(db: PgliteDatabase<PgliteTransaction>): DrizzleDriver {
  return onProvider(createPgliteProvider({ db }), (transaction) => ({ transaction }));
}

/** `createClient` puts the provider's transactions where a session asks its client for one. */
function onProvider<TTransaction extends object>(
  { connectionCountMax, isOpen, query, transaction }: PostgresProvider<TTransaction>,
  createClient: (transaction: PostgresProvider<TTransaction>["transaction"]) => object,
): DrizzleDriver {
  const client = createClient(transaction);
  return {
    connectionCountMax,
    isOpen: (tx) => isOpen(tx as TTransaction),
    query: async (tx, statement) => query(tx as TTransaction | undefined, statement),
    transaction: async (session, run) => withClient(session, client).transaction(run),
  };
}

/** The same session on another client. */
function withClient(session: DrizzleSession, client: object): DrizzleSession {
  return Object.create(session, { client: { value: client } }) as DrizzleSession;
}

function isPool(driver: unknown): driver is NodePostgresPool<NodePostgresPoolClient> {
  return hasMethods(driver, "connect", "query") && "totalCount" in driver;
}

function isPglite(driver: unknown): driver is PgliteDatabase<PgliteTransaction> {
  return hasMethods(driver, "transaction", "query", "execProtocol");
}

function isPostgresJs(driver: unknown): driver is PostgresJsSql<PostgresJsTransaction> {
  return hasMethods(driver, "begin", "unsafe", "reserve");
}

function hasMethods<TName extends string>(
  value: unknown,
  ...names: readonly TName[]
): value is Record<TName, (...values: never[]) => unknown> {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === "function");
}
