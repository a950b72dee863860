import { assertFilename } from "./filename.ts";
import type { SqliteProvider, SqliteStatement } from "./provider.ts";

/** The part of a better-sqlite3 connection that the adapter uses. */
export interface BetterSqlite3Connection {
  readonly open: boolean;
  readonly inTransaction: boolean;
  prepare(sql: string): unknown;
  exec(sql: string): unknown;
  close(): unknown;
}

/** The class that better-sqlite3 exports. */
export type BetterSqlite3Class<TConnection extends BetterSqlite3Connection> = new (
  filename: string,
  options: {
    readonly readonly: boolean;
    readonly fileMustExist: boolean;
    readonly timeout: number;
  },
) => TConnection;

interface BetterSqlite3Statement extends SqliteStatement {
  safeIntegers(isEnabled: boolean): unknown;
}

// better-sqlite3 names result codes instead of numbering them. Extended names begin with the name of their primary code; of the extended
// ones, only a stale snapshot is treated apart.
const resultCodes: Readonly<Record<string, number>> = {
  ERROR: 1,
  BUSY: 5,
  LOCKED: 6,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  PROTOCOL: 15,
  NOTADB: 26,
};
const otherResultCode = 255;

function resultCodeOf(name: string): number {
  if (name === "SQLITE_BUSY_SNAPSHOT") return 517;
  return resultCodes[name.split("_")[1] ?? ""] ?? otherResultCode;
}

/**
 * Binds the adapter to better-sqlite3, or to a fork with the same interface: pass the class that the library exports. Transactions are handed
 * over as its connections.
 *
 * @throws StoreSetupError for an in-memory database, which only one connection could see.
 */
export function createBetterSqlite3Provider<TConnection extends BetterSqlite3Connection>(options: {
  readonly filename: string;
  readonly Database: BetterSqlite3Class<TConnection>;
}): SqliteProvider<TConnection> {
  const { filename, Database } = options;
  assertFilename(filename);
  return {
    name: "better-sqlite3",
    filename,
    // The library's own wait of 5 s would block the event loop; the adapter sets another one.
    open: ({ isReadOnly }) =>
      new Database(filename, { readonly: isReadOnly, fileMustExist: false, timeout: 0 }),
    close: (connection) => void connection.close(),
    isConnection: (value): value is TConnection => value instanceof Database && value.open,
    isInTransaction: (connection) => connection.inTransaction,
    execute: (connection, sql) => void connection.exec(sql),
    prepare(connection, sql) {
      const statement = connection.prepare(sql) as BetterSqlite3Statement;
      statement.safeIntegers(false);
      return statement;
    },
    resultCode(error) {
      const { code } = error as { readonly code?: unknown };
      return typeof code === "string" && code.startsWith("SQLITE_")
        ? resultCodeOf(code)
        : undefined;
    },
  };
}
