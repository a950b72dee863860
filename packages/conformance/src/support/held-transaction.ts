import type { StateAdapter } from "queuert/adapter";

import { createDeferred } from "./deferred.ts";

/** A transaction that stays open until the case ends it, so that two sessions can be put into either order. */
export interface HeldTransaction {
  readonly tx: unknown;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

class RollbackSignal extends Error {}

export async function holdTransaction(state: StateAdapter): Promise<HeldTransaction> {
  const opened = createDeferred<unknown>();
  const decision = createDeferred<"commit" | "rollback">();
  const ended = state.transaction(async (tx) => {
    opened.resolve(tx);
    if ((await decision.promise) === "rollback") throw new RollbackSignal("The case rolls back.");
  });
  // Also marks a rejection as handled; commit and rollback hand it on.
  ended.catch((error: unknown) => opened.reject(error));
  const tx = await opened.promise;
  return {
    tx,
    async commit() {
      decision.resolve("commit");
      await ended;
    },
    async rollback() {
      decision.resolve("rollback");
      try {
        await ended;
      } catch (error) {
        if (!(error instanceof RollbackSignal)) throw error;
      }
    },
  };
}

/** Runs `write` in a transaction of the user that rolls back, and returns what `write` returned. */
export async function rollBack<TResult>(
  state: StateAdapter,
  write: (tx: unknown) => Promise<TResult>,
): Promise<TResult> {
  const held = await holdTransaction(state);
  try {
    return await write(held.tx);
  } finally {
    await held.rollback();
  }
}

/** Gives what has been started a number of turns of the event loop to reach the database. No case depends on how far it comes. */
export async function letOthersRun(turnCount = 10): Promise<void> {
  for (let turn = 0; turn < turnCount; turn++) {
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 0);
    });
  }
}
