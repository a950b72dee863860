import { StoreSetupError } from "queuert/adapter";

import { createBegunTransactions } from "./begun-transactions.ts";
import { createDrizzleDriver, type DrizzleSession } from "./drizzle-drivers.ts";
import type { PostgresProvider } from "./provider.ts";

/** The part of a Drizzle database or transaction that the adapter uses. */
export interface DrizzleExecutor {
  readonly _: { readonly session: object };
}

/** The part of Drizzle's `PgTransaction` that the adapter uses. */
export interface DrizzleTransaction extends DrizzleExecutor {
  rollback(): never;
}

/** The part of a Drizzle database on PostgreSQL that the adapter uses. */
export interface DrizzleDatabase<TTransaction extends DrizzleTransaction> extends DrizzleExecutor {
  /** The driver that the database was made with. */
  readonly $client: unknown;
  transaction<TResult>(run: (tx: TTransaction) => Promise<TResult>): Promise<TResult>;
}

/**
 * Binds the adapter to Drizzle on node-postgres, postgres.js or PGlite. Transactions are handed over as Drizzle's own, with the schema of
 * `db`; nested ones, and those of your own `db.transaction()`, may be passed as well.
 *
 * Statements of the adapter go to the driver as they are, so Drizzle's logger does not see them.
 *
 * @throws StoreSetupError for a database on another driver, or of a version of Drizzle that keeps its driver elsewhere.
 */
export function createDrizzleProvider<TTransaction extends DrizzleTransaction>(options: {
  readonly db: DrizzleDatabase<TTransaction>;
}): PostgresProvider<TTransaction> {
  const { db } = options;
  const driver = createDrizzleDriver(db.$client);
  const session = sessionOf(db);
  if (session === undefined || session.client !== db.$client) {
    throw new StoreSetupError(
      "This version of Drizzle keeps its driver in another place than 0.45 does. Use a version that the adapter knows, or write a provider of your own.",
    );
  }
  const begun = createBegunTransactions<TTransaction>();
  return {
    name: "Drizzle",
    connectionCountMax: driver.connectionCountMax,
    isTransaction: isDrizzleTransaction<TTransaction>,
    isOpen: (tx) => (begun.isOpen(tx) === false ? false : driver.isOpen(clientOf(tx))),
    transaction: async (run) =>
      driver.transaction(session, async (tx) => begun.run(tx as TTransaction, run)),
    query: async (tx, statement) => driver.query(tx && clientOf(tx), statement),
  };
}

function sessionOf(executor: DrizzleExecutor): DrizzleSession | undefined {
  const session = executor._.session as Partial<DrizzleSession>;
  return typeof session.transaction === "function" && session.client !== undefined
    ? (session as DrizzleSession)
    : undefined;
}

function clientOf(tx: DrizzleTransaction): object {
  return (tx._.session as DrizzleSession).client;
}

function isDrizzleTransaction<TTransaction extends DrizzleTransaction>(
  value: unknown,
): value is TTransaction {
  if (typeof value !== "object" || value === null) return false;
  const { _: parts, rollback } = value as Partial<DrizzleTransaction>;
  return typeof rollback === "function" && parts?.session !== undefined;
}
