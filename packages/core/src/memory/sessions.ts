import {
  StoreUnavailableError,
  TransactionInvalidError,
  TransactionNestedError,
} from "../errors/store-errors.ts";
import type { StoreState } from "./store.ts";

declare const transactionBrand: unique symbol;

/** An open transaction of an in-memory state adapter. Opaque; it ends with the call of `transaction` that made it. */
export interface MemoryTransaction {
  readonly [transactionBrand]: true;
}

/**
 * Carries a value along asynchronous calls; Node's `AsyncLocalStorage` fits. A browser has nothing of the kind yet.
 */
export interface AsyncContext {
  run<TResult>(value: unknown, callback: () => TResult): TResult;
  getStore(): unknown;
}

/** What is behind a transaction. */
interface OpenTransaction {
  /** Whose transaction it is; another adapter has no business in it, even on the same store. */
  readonly sessions: Sessions;
  readonly store: StoreState;
  /** The transaction, of another store, in which this one was opened. */
  readonly enclosing: OpenTransaction | undefined;
  isOpen: boolean;
  /** The savepoints that are open, outermost first. */
  readonly savepoints: Savepoint[];
}

interface Savepoint {
  readonly mark: number;
}

const transactions = new WeakMap<MemoryTransaction, OpenTransaction>();

/**
 * How one adapter comes to the store: one writer at a time, in the order of asking. Open → closing (what has begun goes on to its end,
 * the operations of open transactions included) → closed.
 */
export class Sessions {
  readonly #store: StoreState;
  readonly #asyncContext: AsyncContext | undefined;
  #isClosed = false;
  #inFlightCount = 0;
  readonly #onIdle: (() => void)[] = [];

  constructor(store: StoreState, asyncContext: AsyncContext | undefined) {
    this.#store = store;
    this.#asyncContext = asyncContext;
  }

  /** Runs an operation that writes: in `tx`, or in a transaction of its own. When it throws, it has written nothing. */
  async write<TResult>(
    operation: string,
    tx: MemoryTransaction | undefined,
    run: () => TResult,
  ): Promise<TResult> {
    if (tx !== undefined) {
      this.#openTransaction(tx);
      return this.#orUndo(run);
    }
    return this.#alone(operation, () => {
      const result = this.#orUndo(run);
      this.#store.journal.commit();
      return result;
    });
  }

  /** Runs a read. It never waits: outside of a transaction, it sees the committed tables. */
  async read<TResult>(
    tx: MemoryTransaction | undefined,
    run: (tables: StoreState["live"]) => TResult,
  ): Promise<TResult> {
    if (tx === undefined) {
      this.refuseClosed();
      return run(this.#store.committed);
    }
    this.#openTransaction(tx);
    return run(this.#store.live);
  }

  async transaction<TResult>(run: (tx: MemoryTransaction) => Promise<TResult>): Promise<TResult> {
    // What has ended encloses nothing: kept, each transaction would hold on to all before it in its asynchronous flow.
    const enclosing = openAncestor(this.#enclosing());
    return this.#alone("transaction", async () => {
      const opened: OpenTransaction = {
        sessions: this,
        store: this.#store,
        enclosing,
        isOpen: true,
        savepoints: [],
      };
      const tx = Object.freeze({}) as MemoryTransaction;
      transactions.set(tx, opened);
      try {
        const result = await this.#inContext(opened, () => run(tx));
        this.#store.journal.commit();
        return result;
      } catch (error) {
        this.#store.journal.undoTo(0);
        throw error;
      } finally {
        opened.isOpen = false;
      }
    });
  }

  async savepoint<TResult>(tx: MemoryTransaction, run: () => Promise<TResult>): Promise<TResult> {
    const opened = this.#openTransaction(tx);
    const savepoint: Savepoint = { mark: this.#store.journal.mark() };
    opened.savepoints.push(savepoint);
    try {
      const result = await run();
      if (endSavepoint(opened, savepoint)) return result;
    } catch (error) {
      if (endSavepoint(opened, savepoint)) this.#store.journal.undoTo(savepoint.mark);
      throw error;
    }
    throw new TransactionInvalidError(
      "The savepoint was over before its end: its transaction, or a savepoint that overlaps it, ended first. Await savepoints, one after another or one inside another.",
    );
  }

  /** Throws `StoreUnavailableError` once the adapter is closed. */
  refuseClosed(): void {
    if (this.#isClosed) throw new StoreUnavailableError("The state adapter is closed.");
  }

  /** Refuses what comes from here on, and waits for what has begun. */
  async close(): Promise<void> {
    if (this.#inFlightCount > 0) this.#refuseNested("close");
    this.#isClosed = true;
    if (this.#inFlightCount > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  /** Runs as the only writer of the store. */
  async #alone<TResult>(
    operation: string,
    run: () => TResult | Promise<TResult>,
  ): Promise<TResult> {
    this.refuseClosed();
    this.#refuseNested(operation);
    this.#inFlightCount++;
    await this.#store.writeLock.acquire();
    try {
      return await run();
    } finally {
      this.#store.writeLock.release();
      this.#inFlightCount--;
      if (this.#inFlightCount === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
    }
  }

  #orUndo<TResult>(run: () => TResult): TResult {
    const mark = this.#store.journal.mark();
    try {
      return run();
    } catch (error) {
      this.#store.journal.undoTo(mark);
      throw error;
    }
  }

  #openTransaction(tx: MemoryTransaction): OpenTransaction {
    const opened = transactions.get(tx);
    if (opened?.sessions !== this) {
      throw new TransactionInvalidError(
        "The value given as tx is no transaction of this state adapter. Pass the one that transaction() hands over.",
      );
    }
    if (!opened.isOpen)
      throw new TransactionInvalidError(
        "The transaction given as tx has ended. Await every call inside it before it ends.",
      );
    return opened;
  }

  /** Throws where the write lock is held by a transaction that encloses the call, which would wait for ever. */
  #refuseNested(operation: string): void {
    for (let opened = this.#enclosing(); opened !== undefined; opened = opened.enclosing) {
      if (opened.isOpen && opened.store === this.#store)
        throw new TransactionNestedError(operation);
    }
  }

  #enclosing(): OpenTransaction | undefined {
    return this.#asyncContext?.getStore() as OpenTransaction | undefined;
  }

  #inContext<TResult>(opened: OpenTransaction, run: () => Promise<TResult>): Promise<TResult> {
    return this.#asyncContext === undefined ? run() : this.#asyncContext.run(opened, run);
  }
}

function openAncestor(transaction: OpenTransaction | undefined): OpenTransaction | undefined {
  let ancestor = transaction;
  while (ancestor?.isOpen === false) ancestor = ancestor.enclosing;
  return ancestor;
}

/** Ends a savepoint and those inside it, as a database does. False when it is over already. */
function endSavepoint(opened: OpenTransaction, savepoint: Savepoint): boolean {
  const place = opened.isOpen ? opened.savepoints.indexOf(savepoint) : -1;
  if (place < 0) return false;
  opened.savepoints.length = place;
  return true;
}
