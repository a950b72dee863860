import { DatabaseSync } from "node:sqlite";

import { assertFilename } from "./filename.ts";
import type { SqliteProvider } from "./provider.ts";

/** What of a statement stands in the way of plain rows; the second is missing before Node 24. */
interface StatementModes {
  setReadBigInts(isEnabled: boolean): void;
  setReturnArrays?(isEnabled: boolean): void;
}

/**
 * Binds the adapter to Node's own `node:sqlite`. Transactions are handed over as `DatabaseSync`.
 *
 * @throws StoreSetupError for an in-memory database, which only one connection could see.
 */
export function createNodeSqliteProvider(options: {
  readonly filename: string;
}): SqliteProvider<DatabaseSync> {
  const { filename } = options;
  assertFilename(filename);
  return {
    name: "node:sqlite",
    filename,
    open: ({ isReadOnly }) => new DatabaseSync(filename, { readOnly: isReadOnly }),
    close: (connection) => connection.close(),
    isConnection: (value): value is DatabaseSync => value instanceof DatabaseSync && value.isOpen,
    isInTransaction: (connection) => connection.isTransaction,
    execute: (connection, sql) => connection.exec(sql),
    prepare(connection, sql) {
      const statement = connection.prepare(sql);
      const modes: StatementModes = statement;
      modes.setReadBigInts(false);
      modes.setReturnArrays?.(false);
      return statement;
    },
    resultCode(error) {
      const { code, errcode } = error as { readonly code?: unknown; readonly errcode?: unknown };
      return code === "ERR_SQLITE_ERROR" && typeof errcode === "number" ? errcode : undefined;
    },
  };
}
