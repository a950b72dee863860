import {
  isGuardedOpen,
  runGuardedTransaction,
  type PostgresJsBeginner,
} from "./postgres-js-transaction.ts";
import type { PostgresProvider, PostgresRow, PostgresStatement } from "./provider.ts";

export {
  createPostgresJsListener,
  type PostgresJsListeningSql,
  type PostgresJsListenOptions,
} from "../notify/listeners/postgres-js.ts";

export type { PostgresJsBeginner } from "./postgres-js-transaction.ts";

/** What of postgres.js runs statements: the instance, and its transactions. */
export interface PostgresJsExecutor {
  unsafe(
    text: string,
    values: (string | null)[],
    options: { prepare: boolean },
  ): PromiseLike<readonly object[]>;
}

/** The part of a postgres.js `TransactionSql` that the adapter uses. */
export interface PostgresJsTransaction extends PostgresJsExecutor {
  readonly savepoint: unknown;
}

/** The part of a postgres.js `Sql` that the adapter uses. */
export interface PostgresJsSql<TTransaction extends PostgresJsTransaction>
  extends PostgresJsExecutor, PostgresJsBeginner<TTransaction> {
  readonly options: { readonly max: number };
}

/**
 * Binds the adapter to postgres.js. Transactions are handed over as the library's `TransactionSql`; those of a `sql.begin` of your own may be
 * passed as well. The instance stays the user's to set up and to end.
 *
 * A statement that fails and whose error is caught lets the transaction go on where a savepoint has undone it. In a `sql.begin` of
 * your own the library's rule holds: the transaction fails in any case.
 */
export function createPostgresJsProvider<TTransaction extends PostgresJsTransaction>(options: {
  readonly sql: PostgresJsSql<TTransaction>;
}): PostgresProvider<TTransaction> {
  const { sql } = options;
  return {
    name: "postgres.js",
    connectionCountMax: sql.options.max,
    isTransaction: isPostgresJsTransaction<TTransaction>,
    isOpen: isGuardedOpen,
    transaction: async (run) => sentAnew(sql, async () => runGuardedTransaction(sql, run)),
    query: async (tx, statement) =>
      tx === undefined ? sentAnew(sql, async () => query(sql, statement)) : query(tx, statement),
  };
}

async function query(
  executor: PostgresJsExecutor,
  { text, values, isPrepared }: PostgresStatement,
): Promise<readonly PostgresRow[]> {
  const rows = await executor.unsafe(text, [...values], { prepare: isPrepared });
  return rows as readonly PostgresRow[];
}

/**
 * The last words of a server that shut down while a statement was under way are kept by postgres.js, and answered to the first statement of
 * the connection after it, which is not sent then. So it is sent again, as often as there may be such connections.
 */
async function sentAnew<TResult>(
  { options }: { readonly options: { readonly max: number } },
  send: () => Promise<TResult>,
): Promise<TResult> {
  for (let count = 1; ; count += 1) {
    try {
      return await send();
    } catch (error) {
      if (count > options.max || !isLastWord(error)) throw error;
    }
  }
}

/** These end a connection, so no statement is ever answered with them: what it met shows as CONNECTION_CLOSED. */
function isLastWord(error: unknown): boolean {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return code === "57P01" || code === "57P02";
}

function isPostgresJsTransaction<TTransaction extends PostgresJsTransaction>(
  value: unknown,
): value is TTransaction {
  if (typeof value !== "function") return false;
  const { savepoint, unsafe } = value as { savepoint?: unknown; unsafe?: unknown };
  return typeof savepoint === "function" && typeof unsafe === "function";
}
