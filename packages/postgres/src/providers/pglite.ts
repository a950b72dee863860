import { assertCommittable } from "./assert-committable.ts";
import type { PostgresProvider, PostgresRow } from "./provider.ts";
import { endedTransactionError } from "./transaction-errors.ts";

export { createPgliteListener, type PgliteListening } from "../notify/listeners/pglite.ts";

/** What of PGlite runs statements: the instance, and its transactions. */
export interface PgliteExecutor {
  query<TRow>(
    text: string,
    values: (string | null)[],
    options: { parsers?: Record<number, (value: string) => string> },
  ): Promise<{ rows: TRow[] }>;
}

/** The part of PGlite's `Transaction` that the adapter uses. */
export interface PgliteTransaction extends PgliteExecutor {
  readonly closed: boolean;
  rollback(): Promise<void>;
}

/** The part of a `PGlite` instance that the adapter uses. */
export interface PgliteDatabase<TTransaction extends PgliteTransaction> extends PgliteExecutor {
  transaction<TResult>(run: (tx: TTransaction) => Promise<TResult>): Promise<TResult>;
}

const textType = 25;

/**
 * Binds the adapter to PGlite, PostgreSQL inside of the process. Transactions are handed over as PGlite's `Transaction`. There is one
 * connection: transactions, and calls without one, wait for each other. The instance stays the user's to open and to close.
 */
export function createPgliteProvider<TTransaction extends PgliteTransaction>(options: {
  readonly db: PgliteDatabase<TTransaction>;
}): PostgresProvider<TTransaction> {
  const { db } = options;
  return {
    name: "PGlite",
    connectionCountMax: 1,
    isTransaction: isPgliteTransaction<TTransaction>,
    isOpen: (tx) => !tx.closed,
    transaction: async (run) =>
      db.transaction(async (tx) => {
        const result = await run(tx);
        // A transaction that the user has rolled back runs nothing more.
        if (tx.closed) throw endedTransactionError();
        await assertCommittable((sql) => tx.query(sql, [], {}));
        return result;
      }),
    async query(tx, { text, values }) {
      const { rows } = await (tx ?? db).query<PostgresRow>(text, [...values], {
        parsers: { [textType]: (value) => value },
      });
      return rows;
    },
  };
}

function isPgliteTransaction<TTransaction extends PgliteTransaction>(
  value: unknown,
): value is TTransaction {
  if (typeof value !== "object" || value === null) return false;
  const { closed, query, rollback } = value as Partial<PgliteTransaction>;
  return (
    typeof closed === "boolean" && typeof query === "function" && typeof rollback === "function"
  );
}
