import { TransactionInvalidError } from "../../errors/store-errors.ts";
import type { MemoryTransaction } from "../../memory/sessions.ts";
import type { StateAdapter } from "../../ports/state-adapter.ts";

/** Changes that are made when a transaction commits. */
export interface TransactionWrites {
  /** The database, which makes them. */
  readonly state: StateAdapter<MemoryTransaction>;
  /** Adds a change to a transaction that is open. */
  readonly write: (tx: MemoryTransaction, change: () => void) => void;
}

/** Lets changes outside the database commit and roll back with its transactions, savepoints included (P2). */
export function createTransactionWrites(inner: StateAdapter<MemoryTransaction>): TransactionWrites {
  const changesOfOpen = new WeakMap<MemoryTransaction, (() => void)[]>();
  return {
    write: (tx, change) => {
      const changes = changesOfOpen.get(tx);
      if (changes === undefined)
        throw new TransactionInvalidError(
          "The value given as tx is no transaction that is open. Write before it ends.",
        );
      changes.push(change);
    },
    state: {
      ...inner,
      transaction: async (run) => {
        const changes: (() => void)[] = [];
        const result = await inner.transaction(async (tx) => {
          changesOfOpen.set(tx, changes);
          try {
            return await run(tx);
          } finally {
            changesOfOpen.delete(tx);
          }
        });
        for (const change of changes) change();
        return result;
      },
      savepoint: async (tx, run) => {
        const changes = changesOfOpen.get(tx);
        const mark = changes?.length ?? 0;
        try {
          return await inner.savepoint(tx, run);
        } catch (error) {
          if (changes !== undefined) changes.length = mark;
          throw error;
        }
      },
    },
  };
}
