import type { Connection } from "./connection.ts";

/** Runs `work` in a transaction of its own. `begin` decides whether the write lock is taken at once. */
export function runInTransaction<TResult>(
  connection: Connection<object>,
  begin: "BEGIN" | "BEGIN IMMEDIATE",
  work: () => TResult,
): TResult {
  connection.run(begin);
  try {
    const result = work();
    connection.run("COMMIT");
    return result;
  } catch (error) {
    rollBack(connection);
    throw error;
  }
}

/** Runs `work` inside the open transaction of another: when it throws, what it wrote is undone, and the transaction goes on. */
export function runInSavepoint<TResult>(
  connection: Connection<object>,
  work: () => TResult,
): TResult {
  beginSavepoint(connection);
  try {
    const result = work();
    releaseSavepoint(connection);
    return result;
  } catch (error) {
    undoSavepoint(connection);
    throw error;
  }
}

// Savepoints are strictly nested, so one name does: SQLite means the innermost.
export function beginSavepoint(connection: Connection<object>): void {
  connection.run("SAVEPOINT queuert_savepoint");
}

export function releaseSavepoint(connection: Connection<object>): void {
  connection.run("RELEASE queuert_savepoint");
}

export function undoSavepoint(connection: Connection<object>): void {
  // A full disk and the like make SQLite roll the whole transaction back by itself.
  if (!connection.isInTransaction()) return;
  connection.run("ROLLBACK TO queuert_savepoint");
  releaseSavepoint(connection);
}

export function rollBack(connection: Connection<object>): void {
  if (connection.isInTransaction()) connection.run("ROLLBACK");
}
