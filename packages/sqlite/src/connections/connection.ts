import type { SqliteProvider, SqliteStatement, SqliteValue } from "../providers/provider.ts";
import type { NameTables } from "../table-names.ts";

/** A connection with the statements that were prepared on it. Errors are the client's. */
export interface Connection<TConnection extends object> {
  /** The client's own object. */
  readonly handle: TConnection;
  isInTransaction(): boolean;
  /** Runs SQL that is not worth keeping prepared. */
  execute(sql: string): void;
  /** Runs a statement, given with `{table}` names, and returns how many rows changed. */
  run(sql: string, ...values: readonly SqliteValue[]): number;
  first<TRow>(sql: string, ...values: readonly SqliteValue[]): TRow | undefined;
  all<TRow>(sql: string, ...values: readonly SqliteValue[]): readonly TRow[];
}

/** Finds the connection of a client's object, so that statements prepared on it are kept as long as it lives. */
export type ConnectionOf<TConnection extends object> = (
  handle: TConnection,
) => Connection<TConnection>;

export function createConnectionOf<TConnection extends object>(
  provider: SqliteProvider<TConnection>,
  nameTables: NameTables,
): ConnectionOf<TConnection> {
  const connections = new WeakMap<TConnection, Connection<TConnection>>();
  return (handle) => {
    let connection = connections.get(handle);
    if (connection === undefined) {
      connection = createConnection(provider, nameTables, handle);
      connections.set(handle, connection);
    }
    return connection;
  };
}

function createConnection<TConnection extends object>(
  provider: SqliteProvider<TConnection>,
  nameTables: NameTables,
  handle: TConnection,
): Connection<TConnection> {
  const statements = new Map<string, SqliteStatement>();
  const prepared = (sql: string): SqliteStatement => {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = provider.prepare(handle, nameTables(sql));
      statements.set(sql, statement);
    }
    return statement;
  };
  return {
    handle,
    isInTransaction: () => provider.isInTransaction(handle),
    execute: (sql) => provider.execute(handle, nameTables(sql)),
    run: (sql, ...values) => Number(prepared(sql).run(...values).changes),
    first: <TRow>(sql: string, ...values: readonly SqliteValue[]) =>
      prepared(sql).get(...values) as TRow | undefined,
    all: <TRow>(sql: string, ...values: readonly SqliteValue[]) =>
      prepared(sql).all(...values) as TRow[],
  };
}
