import { statSync } from "node:fs";
import type { SqliteProvider, SqliteStatement } from "@queuert/sqlite";

/** What a store was asked to do since the last reset. */
export interface Cost {
  readonly commits: number;
  /** Calls of prepared statements, each one a step through SQLite. */
  readonly statements: number;
  readonly walBytes: number;
}

export interface CountingProvider<TConnection extends object> {
  readonly provider: SqliteProvider<TConnection>;
  /** The cost since the last call. */
  readonly take: () => Cost;
}

/** Counts what goes through a provider. The write-ahead log is never checkpointed, so that its size tells what was written. */
export function createCountingProvider<TConnection extends object>(
  inner: SqliteProvider<TConnection>,
): CountingProvider<TConnection> {
  let commits = 0;
  let statements = 0;
  let walBytesBefore = 0;
  const counted = (statement: SqliteStatement): SqliteStatement => ({
    run: (...values) => (statements++, statement.run(...values)),
    get: (...values) => (statements++, statement.get(...values)),
    all: (...values) => (statements++, statement.all(...values)),
  });
  const provider: SqliteProvider<TConnection> = {
    ...inner,
    open: (options) => {
      const connection = inner.open(options);
      if (!options.isReadOnly) inner.execute(connection, "PRAGMA wal_autocheckpoint = 0");
      return connection;
    },
    execute: (connection, sql) => {
      if (/^\s*COMMIT/i.test(sql)) commits++;
      inner.execute(connection, sql);
    },
    prepare: (connection, sql) => {
      const statement = inner.prepare(connection, sql);
      return /^\s*COMMIT/i.test(sql)
        ? { ...counted(statement), run: (...values) => (commits++, statement.run(...values)) }
        : counted(statement);
    },
  };
  return {
    provider,
    take: () => {
      const walBytes = statSync(`${inner.filename}-wal`, { throwIfNoEntry: false })?.size ?? 0;
      const cost = { commits, statements, walBytes: walBytes - walBytesBefore };
      [commits, statements, walBytesBefore] = [0, 0, walBytes];
      return cost;
    },
  };
}
