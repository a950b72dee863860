import { TransactionInvalidError } from "../errors/store-errors.ts";
import type { EngineContext } from "./context.ts";
import type { Signals } from "./signals.ts";

/** Holds what must leave only after a commit. Made by `client.withTransactionHooks`. */
export interface TransactionHooks {
  /** Runs `effect` after the commit; never when the transaction, or the savepoint it was registered in, rolled back. In order of registration. */
  onCommit(effect: () => void | Promise<void>): void;
  /**
   * Marks a savepoint for the signals alone: when `run` throws, what was registered in it is dropped and the error is thrown on. The
   * savepoint of the database is the caller's to make, around the same code.
   */
  savepoint<TResult>(run: () => Promise<TResult>): Promise<TResult>;
}

/**
 * Gathers the signals of one transaction, in order, and forgets those of a savepoint that rolled back (P6).
 * Open until it is flushed or dropped; after that it refuses, since nobody would send what it is given.
 */
export class SignalBuffer implements TransactionHooks {
  #signals: Signals[] = [];
  #isOpen = true;

  add(signals: Signals): void {
    if (!this.#isOpen)
      throw new TransactionInvalidError(
        "These transaction hooks have ended with their transaction. Use those of the transaction that is open.",
      );
    this.#signals.push(signals);
  }

  onCommit(effect: () => void | Promise<void>): void {
    this.add({ events: [], topics: [], effects: [effect] });
  }

  async savepoint<TResult>(run: () => Promise<TResult>): Promise<TResult> {
    const mark = this.#signals.length;
    try {
      return await run();
    } catch (error) {
      this.#signals.length = mark;
      throw error;
    }
  }

  /** Ends the buffer and gives what it holds. */
  end(): readonly Signals[] {
    this.#isOpen = false;
    return this.#signals;
  }
}

/** The buffers of the transactions that the client has opened, by their `tx`. A connection is used again, so an entry lives no longer than its transaction. */
const buffersOfOpenTransactions = new WeakMap<object, SignalBuffer>();

/** Runs `run` in a new transaction of the user's kind with a buffer of its own, and sends the signals after the commit. */
export function runTransaction<TTransaction, TResult>(
  context: EngineContext<TTransaction>,
  run: (tx: TTransaction) => Promise<TResult>,
): Promise<TResult> {
  return runWithTransactionHooks(context, (buffer) =>
    context.state.transaction(async (tx) => {
      buffersOfOpenTransactions.set(tx as object, buffer);
      try {
        return await run(tx);
      } finally {
        buffersOfOpenTransactions.delete(tx as object);
      }
    }),
  );
}

/** Runs `run` with hooks for a transaction that is opened without the client; sends the signals when it has resolved, drops them when it throws. */
export async function runWithTransactionHooks<TTransaction, TResult>(
  context: EngineContext<TTransaction>,
  run: (hooks: SignalBuffer) => Promise<TResult>,
): Promise<TResult> {
  const buffer = new SignalBuffer();
  let result: TResult;
  try {
    result = await run(buffer);
  } catch (error) {
    buffer.end();
    throw error;
  }
  await context.signals.sendAll(buffer.end());
  return result;
}

/** The buffer of a transaction that the client opened; `undefined` for a foreign one. */
export function bufferOf(tx: unknown, hooks?: TransactionHooks): SignalBuffer | undefined {
  if (hooks !== undefined) {
    if (!(hooks instanceof SignalBuffer))
      throw new TransactionInvalidError(
        "hooks were not made by withTransactionHooks. Pass the hooks that it gives.",
      );
    return hooks;
  }
  return typeof tx === "object" && tx !== null ? buffersOfOpenTransactions.get(tx) : undefined;
}

/** Where a write's signals go, and the transaction that the port is given. */
export interface WriteScope<TTransaction> {
  readonly tx: TTransaction | undefined;
  /** Whether anybody can observe the commit: if not, the start is announced by the first claim. */
  readonly isObserved: boolean;
  /** Sends at once (autocommit: the write has committed), keeps for the commit, or drops. */
  readonly deliver: (signals: Signals) => Promise<void>;
}

/** Resolves the `tx` and `hooks` of a mutating call. Throws `TransactionInvalidError` for neither a transaction nor "autocommit". */
export function writeScope<TTransaction>(
  context: EngineContext<TTransaction>,
  options: {
    readonly tx: TTransaction | "autocommit";
    readonly hooks?: TransactionHooks | undefined;
  },
): WriteScope<TTransaction> {
  if (options.tx === "autocommit")
    return { tx: undefined, isObserved: true, deliver: (signals) => context.signals.send(signals) };
  if (options.tx === undefined || options.tx === null) {
    throw new TransactionInvalidError(
      `tx is missing. Pass the transaction to write in, or "autocommit".`,
    );
  }
  const buffer = bufferOf(options.tx, options.hooks);
  return {
    tx: options.tx,
    isObserved: buffer !== undefined,
    deliver: async (signals) => buffer?.add(signals),
  };
}
