/** What the adapter binds and reads. Instants are whole ms, flags 0 or 1. */
export type SqliteValue = string | number | null;

/** A prepared statement of a client. Every call binds all values, by position. */
export interface SqliteStatement {
  /** For statements that return no rows. */
  run(...values: SqliteValue[]): { readonly changes: number | bigint };
  /** The first row, an object by column name; `undefined` when there is none. */
  get(...values: SqliteValue[]): unknown;
  all(...values: SqliteValue[]): unknown[];
}

/**
 * The binding to a synchronous SQLite client: all that the adapter asks of one. `TConnection` is the client's own connection object, which
 * users get as their transaction. Errors of the client pass through unchanged; {@link SqliteProvider.resultCode} reads them.
 */
export interface SqliteProvider<TConnection extends object> {
  /** The client's name for messages: "node:sqlite". */
  readonly name: string;
  /** The database file. */
  readonly filename: string;
  /** Opens a connection; a writable one creates the file where there is none. */
  open(options: { readonly isReadOnly: boolean }): TConnection;
  close(connection: TConnection): void;
  /** Whether the value is an open connection of this client. */
  isConnection(value: unknown): value is TConnection;
  isInTransaction(connection: TConnection): boolean;
  /** Runs SQL text without values or rows. */
  execute(connection: TConnection, sql: string): void;
  /** Prepares a statement whose rows are plain objects and whose integers are numbers, whatever the connection's own defaults. */
  prepare(connection: TConnection, sql: string): SqliteStatement;
  /** SQLite's extended result code of a client's error; `undefined` when the error is not SQLite's. */
  resultCode(error: unknown): number | undefined;
}
