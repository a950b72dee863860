import {
  QueuertError,
  StoreConflictError,
  StoreSetupError,
  StoreUnavailableError,
} from "queuert/adapter";

/** Reads SQLite's extended result code off an error of the client. */
export type ResultCode = (error: unknown) => number | undefined;

const busy = 5;
const busyRecovery = 261;

const conflicts: ReadonlySet<number> = new Set([busy, 6, 15]);
// Read-only, too: that is what a disk becomes on which an error was found.
const unavailable: ReadonlySet<number> = new Set([8, 10, 11, 13, 14]);
const notADatabase = 26;

/** Whether another connection holds the lock, and the same statement may do later. A stale snapshot is no such case: its transaction is lost. */
export function isBusy(error: unknown, resultCode: ResultCode): boolean {
  const code = resultCode(error);
  return code === busy || code === busyRecovery;
}

/** Turns an error of the client into the port's; one that callers could not act upon stays as it is. */
export function translateError(error: unknown, resultCode: ResultCode): unknown {
  if (error instanceof QueuertError || typeof error !== "object" || error === null) return error;
  const code = resultCode(error);
  if (code === undefined) return error;
  const primary = code & 255;
  const options = { cause: error };
  if (conflicts.has(primary)) {
    return new StoreConflictError(
      "Another connection kept SQLite's write lock. Nothing was written; repeat the call, and keep transactions short.",
      options,
    );
  }
  if (unavailable.has(primary)) {
    return new StoreUnavailableError(
      "SQLite cannot read or write the database file. Look at the disk, the file's directory and their permissions.",
      options,
    );
  }
  if (primary === notADatabase) {
    return new StoreSetupError("The file is no SQLite database. Check the filename.", options);
  }
  return error;
}
