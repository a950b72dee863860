import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, test } from "vitest";
import { formatUuidV7 } from "../model/ids.ts";
import {
  StoreUnavailableError,
  TransactionInvalidError,
  TransactionNestedError,
} from "../errors/store-errors.ts";
import { OptionInvalidError } from "../errors/value-errors.ts";
import type { NewChain, StateAdapter } from "../ports/state-adapter.ts";
import { createMemoryStateAdapter } from "./create-memory-state-adapter.ts";
import type { MemoryTransaction } from "./sessions.ts";
import { createMemoryStore, type MemoryStore } from "./store.ts";

const asyncContext = new AsyncLocalStorage<unknown>();

function newChain(sequence: number): NewChain {
  return {
    chainId: formatUuidV7(0, sequence, new Uint8Array(10)),
    type: "work",
    input: undefined,
    priority: 5,
    schedule: undefined,
    blockers: [],
    traceContext: undefined,
    deduplication: undefined,
    labels: {},
    isUnannounced: false,
  };
}

async function start(
  state: StateAdapter<MemoryTransaction>,
  tx: MemoryTransaction | undefined,
  sequence: number,
): Promise<void> {
  await state.startChains({ tx, chains: [newChain(sequence)] });
}

/** Which of the first chains are there for readers outside. */
async function committed(state: StateAdapter<MemoryTransaction>): Promise<number[]> {
  const found = await Promise.all(
    [1, 2, 3, 4].map(
      async (sequence) =>
        [
          sequence,
          await state.getChains({ tx: undefined, chainIds: [newChain(sequence).chainId] }),
        ] as const,
    ),
  );
  return found.filter(([, [chain]]) => chain !== undefined).map(([sequence]) => sequence);
}

interface Gate {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

function createGate(): Gate {
  let settle: Pick<Gate, "resolve" | "reject"> | undefined;
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...settle! };
}

function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** A promise that the test resolves. */
function gate<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((resolvePromise) => (resolve = resolvePromise));
  return { promise, resolve };
}

describe("the option store", () => {
  test("refuses what createMemoryStore did not make", () => {
    expect(() => createMemoryStateAdapter({ store: {} as MemoryStore })).toThrow(
      OptionInvalidError,
    );
  });

  test("P9: adapters of two stores see nothing of each other, those of one store all", async () => {
    const store = createMemoryStore();
    const [one, same, other] = [
      createMemoryStateAdapter({ store }),
      createMemoryStateAdapter({ store }),
      createMemoryStateAdapter(),
    ];
    await start(one, undefined, 1);
    expect(await committed(same)).toEqual([1]);
    expect(await committed(other)).toEqual([]);
  });
});

describe("a transaction", () => {
  test("of another adapter is refused, on the same store too", async () => {
    const store = createMemoryStore();
    const [owner, other] = [
      createMemoryStateAdapter({ store }),
      createMemoryStateAdapter({ store }),
    ];
    await owner.transaction(async (tx) => {
      expect(await rejection(start(other, tx, 1))).toBeInstanceOf(TransactionInvalidError);
      expect(await rejection(other.getChains({ tx, chainIds: [] }))).toBeInstanceOf(
        TransactionInvalidError,
      );
      expect(await rejection(other.savepoint(tx, async () => {}))).toBeInstanceOf(
        TransactionInvalidError,
      );
      await start(owner, tx, 2);
    });
    expect(await committed(owner)).toEqual([2]);
  });

  test("writes are made in the order of asking, each alone", async () => {
    const state = createMemoryStateAdapter();
    const order: number[] = [];
    await Promise.all(
      [1, 2, 3].map((place) =>
        state.transaction(async () => {
          order.push(place);
          await Promise.resolve();
          order.push(place);
        }),
      ),
    );
    expect(order).toEqual([1, 1, 2, 2, 3, 3]);
  });

  test("a call that fails lets the next one in", async () => {
    const state = createMemoryStateAdapter();
    const [failed] = await Promise.allSettled([
      state.transaction(() => Promise.reject(new Error("the user's own"))),
      start(state, undefined, 1),
    ]);
    expect(failed.status).toBe("rejected");
    expect(await committed(state)).toEqual([1]);
  });
});

describe("the option asyncContext", () => {
  test("C5: a call that would wait for its own transaction is refused, through a transaction of another store too", async () => {
    const [outer, inner] = [
      createMemoryStateAdapter({ asyncContext }),
      createMemoryStateAdapter({ asyncContext }),
    ];
    await outer.transaction(async () => {
      await inner.transaction(async (tx) => {
        await start(inner, tx, 1);
        expect(await rejection(start(outer, undefined, 1))).toBeInstanceOf(TransactionNestedError);
        expect(await rejection(start(inner, undefined, 2))).toBeInstanceOf(TransactionNestedError);
      });
    });
    expect([await committed(outer), await committed(inner)]).toEqual([[], [1]]);
  });

  test("C5: what a transaction left running may write once it has ended", async () => {
    const state = createMemoryStateAdapter({ asyncContext });
    const ended = createGate();
    let later: Promise<void> | undefined;
    await state.transaction(async () => {
      later = ended.promise.then(() => start(state, undefined, 1));
    });
    ended.resolve();
    await later;
    expect(await committed(state)).toEqual([1]);
  });

  test("C5: reads inside a transaction without it do not wait, and see what has committed", async () => {
    const state = createMemoryStateAdapter({ asyncContext });
    await state.transaction(async (tx) => {
      await start(state, tx, 1);
      expect(await committed(state)).toEqual([]);
    });
    expect(await committed(state)).toEqual([1]);
  });
});

describe("savepoints", () => {
  test("one that an overlapping one has ended is refused at its end, and undoes nothing more", async () => {
    const state = createMemoryStateAdapter();
    const [first, second] = [createGate(), createGate()];
    await state.transaction(async (tx) => {
      const outer = rejection(state.savepoint(tx, () => first.promise));
      const inner = rejection(state.savepoint(tx, () => second.promise));
      await start(state, tx, 1);
      first.resolve();
      expect(await outer).toBeUndefined();
      await start(state, tx, 2);
      second.resolve();
      expect(await inner).toBeInstanceOf(TransactionInvalidError);
    });
    expect(await committed(state)).toEqual([1, 2]);
  });

  test("one that throws after an overlapping one has ended throws its own error, and undoes nothing more", async () => {
    const state = createMemoryStateAdapter();
    const [first, second] = [createGate(), createGate()];
    const thrown = new Error("the user's own");
    await state.transaction(async (tx) => {
      const outer = rejection(state.savepoint(tx, () => first.promise));
      const inner = rejection(state.savepoint(tx, () => second.promise));
      await start(state, tx, 1);
      first.resolve();
      await outer;
      second.reject(thrown);
      expect(await inner).toBe(thrown);
    });
    expect(await committed(state)).toEqual([1]);
  });

  test("one that outlives its transaction is refused at its end, and undoes nothing of the next", async () => {
    const state = createMemoryStateAdapter();
    const release = createGate();
    let late: Promise<unknown> | undefined;
    await state.transaction(async (tx) => {
      late = rejection(state.savepoint(tx, () => release.promise));
    });
    await state.transaction(async (tx) => {
      await start(state, tx, 1);
      release.resolve();
      expect(await late).toBeInstanceOf(TransactionInvalidError);
    });
    expect(await committed(state)).toEqual([1]);
  });
});

describe("close", () => {
  test("waits for an open transaction, which goes on to its end", async () => {
    const store = createMemoryStore();
    const [state, reader] = [
      createMemoryStateAdapter({ store }),
      createMemoryStateAdapter({ store }),
    ];
    const order: string[] = [];
    const began = gate<MemoryTransaction>();
    const mayEnd = gate<void>();
    const transaction = state.transaction(async (tx) => {
      began.resolve(tx);
      await mayEnd.promise;
      order.push("written");
    });
    const tx = await began.promise;
    // Outside of the transaction, where a call of its own may wait for it.
    const closed = state.close().then(() => order.push("closed"));
    expect(await rejection(start(state, undefined, 1))).toBeInstanceOf(StoreUnavailableError);
    expect(await rejection(state.listTypes())).toBeInstanceOf(StoreUnavailableError);
    expect(await rejection(state.migrate())).toBeInstanceOf(StoreUnavailableError);
    await start(state, tx, 2);
    expect(await state.getChains({ tx, chainIds: [newChain(2).chainId] })).toMatchObject([
      { status: "open" },
    ]);
    mayEnd.resolve();
    await transaction;
    await closed;
    await state.close();
    expect(order).toEqual(["written", "closed"]);
    expect(await committed(reader)).toEqual([2]);
  });

  test("C5: inside its own transaction, which it would wait for, it is refused and closes nothing", async () => {
    const state = createMemoryStateAdapter({ asyncContext });
    await state.transaction(async () => {
      expect(await rejection(state.close())).toBeInstanceOf(TransactionNestedError);
    });
    await start(state, undefined, 1);
    expect(await committed(state)).toEqual([1]);
  });
});

test("migrate finds nothing to do", async () => {
  expect(await createMemoryStateAdapter().migrate()).toEqual({ applied: [], version: "memory" });
});

test("a transaction holds on to none that has ended, however long the flow that they follow each other in", async () => {
  const flow = new AsyncLocalStorage<unknown>();
  const state = createMemoryStateAdapter({ asyncContext: flow });
  const depthOf = (enclosing: unknown): number => {
    let depth = 0;
    for (
      let opened = enclosing as { enclosing?: unknown } | undefined;
      opened !== undefined;
      depth++
    )
      opened = opened.enclosing as typeof opened;
    return depth;
  };
  // Each transaction is begun in the flow of the one before, as by what that one has set off.
  let depth = 0;
  const follow = async (left: number): Promise<void> => {
    let next: Promise<void> | undefined;
    const ended = gate<void>();
    await state.transaction(async () => {
      depth = Math.max(depth, depthOf(flow.getStore()));
      next = ended.promise.then(() => (left > 0 ? follow(left - 1) : undefined));
    });
    ended.resolve();
    await next;
  };
  await follow(50);
  expect(depth).toBe(1);
});
