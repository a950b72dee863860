import { QueuertError } from "./queuert-error.ts";

/** A call inside a transaction asked for another one and would wait for itself; pass the transaction on as `tx`. */
export class TransactionNestedError extends QueuertError {
  static override readonly code = "TRANSACTION_NESTED" as const;
  constructor(operation: string) {
    super(
      TransactionNestedError.code,
      `"${operation}" was called inside an open transaction without it, and would wait for that transaction for ever. Pass the transaction as tx, or call it afterwards.`,
    );
    this.name = "TransactionNestedError";
  }
}

/** The value given as `tx` is not an open transaction of this state adapter; nothing was written. */
export class TransactionInvalidError extends QueuertError {
  static override readonly code = "TRANSACTION_INVALID" as const;
  constructor(message: string) {
    super(TransactionInvalidError.code, message);
    this.name = "TransactionInvalidError";
  }
}

/** The database refused a write because of a concurrent one, after the adapter's own bounded retries. Nothing was written; the call may be repeated. */
export class StoreConflictError extends QueuertError {
  static override readonly code = "STORE_CONFLICT" as const;
  readonly isRetryable: true = true;
  constructor(message: string, options?: { cause?: unknown }) {
    super(StoreConflictError.code, message, options);
    this.name = "StoreConflictError";
  }
}

/** The database cannot be reached, or the adapter is closed. */
export class StoreUnavailableError extends QueuertError {
  static override readonly code = "STORE_UNAVAILABLE" as const;
  constructor(message: string, options?: { cause?: unknown }) {
    super(StoreUnavailableError.code, message, options);
    this.name = "StoreUnavailableError";
  }
}

/** The database lacks Queuert's tables, has them from a newer version, or is set up in a way that would break a promise. */
export class StoreSetupError extends QueuertError {
  static override readonly code = "STORE_SETUP_INVALID" as const;
  constructor(message: string, options?: { cause?: unknown }) {
    super(StoreSetupError.code, message, options);
    this.name = "StoreSetupError";
  }
}
