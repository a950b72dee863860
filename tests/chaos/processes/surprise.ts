import { AttemptLostError, StoreConflictError, StoreUnavailableError } from "queuert";

import { LedgerError } from "../databases/sql.ts";

/** Whether a fault explains the error: the database was away, somebody else was in the way, or the attempt was given to another. */
export function isFaultError(error: unknown): boolean {
  return (
    error instanceof StoreUnavailableError ||
    error instanceof StoreConflictError ||
    error instanceof AttemptLostError ||
    error instanceof LedgerError
  );
}

export function describeError(error: unknown): string {
  return error instanceof Error ? `${error.stack}` : String(error);
}
