/** A statement of the adapter. All values are text, or null; the SQL casts them, so no client has to know a type. */
export interface PostgresStatement {
  /** Names the text, for clients that keep prepared statements by name: the same name, the same text. */
  readonly name: string;
  /** One statement with the placeholders `$1`, `$2` …, each used once, in order. */
  readonly text: string;
  readonly values: readonly (string | null)[];
  /** False where prepared statements must not outlive the statement, as behind a pooler in transaction mode. */
  readonly isPrepared: boolean;
}

/** A row, as an object by column name. The adapter reads columns of the type text only. */
export type PostgresRow = Readonly<Record<string, unknown>>;

/**
 * The binding to a PostgreSQL client library: all that the adapter asks of one. `TTransaction` is what the library's own users hold inside a
 * transaction. Errors of the library pass through unchanged; the adapter finds the SQLSTATE in them.
 */
export interface PostgresProvider<TTransaction extends object> {
  /** The library's name for messages: "node-postgres". */
  readonly name: string;
  /** The most connections that the library opens at once; `undefined` = not known. Lets a wait for itself be answered by an error (trap C5). */
  readonly connectionCountMax: number | undefined;
  /** Whether the value is what the library's users hold inside a transaction. */
  isTransaction(value: unknown): value is TTransaction;
  /** Whether a transaction is open; `undefined` where the library cannot tell, as of one that somebody else began: then the library refuses it, or nobody does. */
  isOpen(tx: TTransaction): boolean | undefined;
  /**
   * Runs `run` in a new READ COMMITTED transaction and commits when it resolves; rolls back when it throws, and throws the same error, or
   * what the library makes of a rollback that failed. An answer to COMMIT that is lost is thrown as the library has it. It resolves only
   * when the transaction has committed: a COMMIT that the server answers by rolling back, because a statement had failed, is an error.
   */
  transaction<TResult>(run: (tx: TTransaction) => Promise<TResult>): Promise<TResult>;
  /** Runs one statement, in `tx` or by itself on any connection, and answers its rows. */
  query(
    tx: TTransaction | undefined,
    statement: PostgresStatement,
  ): Promise<readonly PostgresRow[]>;
  /** Closes what the provider itself opened; what the user opened stays open. */
  close?(): Promise<void>;
}
