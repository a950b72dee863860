import { sqlStateOf } from "../errors.ts";
import { endedTransactionError, failedTransactionError } from "./transaction-errors.ts";

/**
 * Asks the server whether COMMIT would commit, for libraries that do not look at its answer: SAVEPOINT is refused in a failed transaction,
 * and outside of one.
 *
 * @throws TransactionInvalidError where it would not.
 */
export async function assertCommittable(
  execute: (sql: string) => PromiseLike<unknown>,
): Promise<void> {
  try {
    await execute("SAVEPOINT queuert_commit");
  } catch (error) {
    switch (sqlStateOf(error)) {
      case "25P01":
        throw endedTransactionError();
      case "25P02":
        throw failedTransactionError();
      default:
        throw error;
    }
  }
}
