import { TransactionInvalidError } from "queuert/adapter";

/** PostgreSQL answers the COMMIT of a transaction with a failed statement by rolling it back, and calls that no error. */
export function failedTransactionError(): TransactionInvalidError {
  return new TransactionInvalidError(
    "A statement inside of transaction() failed and its error was caught, so PostgreSQL has rolled the transaction back. Let the error pass, or run what may fail in a savepoint.",
  );
}

export function endedTransactionError(): TransactionInvalidError {
  return new TransactionInvalidError(
    "The transaction was ended inside of transaction(), so it cannot be committed. Leave COMMIT and ROLLBACK to it.",
  );
}
