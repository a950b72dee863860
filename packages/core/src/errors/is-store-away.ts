import { StoreConflictError, StoreSetupError, StoreUnavailableError } from "./store-errors.ts";

/** Whether an error says that the database is away, busy or not fit for use, and nothing about what it was asked: the same may be asked again. */
export function isStoreAway(error: unknown): boolean {
  return (
    error instanceof StoreUnavailableError ||
    error instanceof StoreConflictError ||
    error instanceof StoreSetupError
  );
}
