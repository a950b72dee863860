import { describe, expect, it } from "vitest";

import { TransactionInvalidError } from "../../errors/store-errors.ts";
import { createMemoryStateAdapter } from "../../memory/create-memory-state-adapter.ts";
import { createTransactionWrites } from "./transaction-writes.ts";

const setUp = () => {
  const made: string[] = [];
  const { state, write } = createTransactionWrites(createMemoryStateAdapter());
  return {
    made,
    state,
    note: (tx: Parameters<typeof write>[0], text: string) => write(tx, () => made.push(text)),
  };
};

describe("a write in a transaction", () => {
  it("P2: is made at the commit, in order, and not before", async () => {
    const { made, state, note } = setUp();
    await state.transaction(async (tx) => {
      note(tx, "first");
      note(tx, "second");
      expect(made).toEqual([]);
    });
    expect(made).toEqual(["first", "second"]);
  });

  it("P2: is never made when the transaction, or its savepoint, rolls back", async () => {
    const { made, state, note } = setUp();
    const giveUp = new Error("given up");
    const rolledBack = state.transaction(async (tx) => {
      note(tx, "of the transaction that rolls back");
      throw giveUp;
    });
    await expect(rolledBack).rejects.toBe(giveUp);
    await state.transaction(async (tx) => {
      note(tx, "before");
      const undone = state.savepoint(tx, async () => {
        note(tx, "of the savepoint");
        throw giveUp;
      });
      await expect(undone).rejects.toBe(giveUp);
      note(tx, "after");
    });
    expect(made).toEqual(["before", "after"]);
  });

  it("is refused once the transaction is over", async () => {
    const { state, note } = setUp();
    const ended = await state.transaction(async (tx) => tx);
    expect(() => note(ended, "too late")).toThrow(TransactionInvalidError);
  });
});
