import { OptionInvalidError } from "../errors/value-errors.ts";
import { Journal } from "./journal.ts";
import { Mutex } from "./mutex.ts";
import { createTables, type Tables } from "./tables.ts";

declare const storeBrand: unique symbol;

/** What in-memory state adapters share: a database of its own. Made by {@link createMemoryStore}. */
export interface MemoryStore {
  readonly [storeBrand]: true;
}

/** What is behind a store. */
export interface StoreState {
  /** The tables as the writer sees them. */
  readonly live: Tables;
  /** The tables as everybody else sees them. */
  readonly committed: Tables;
  readonly journal: Journal;
  /** Held by the open transaction: there is one writer at a time. */
  readonly writeLock: Mutex;
}

const states = new WeakMap<MemoryStore, StoreState>();

/**
 * Makes an empty store. Adapters made with one store see each other's commits, as processes that share a database do; two stores know
 * nothing of each other (P9). It lives as long as somebody holds it.
 */
export function createMemoryStore(): MemoryStore {
  const live = createTables();
  const committed = createTables();
  const store = Object.freeze({}) as MemoryStore;
  states.set(store, {
    live,
    committed,
    journal: new Journal({ live, committed }),
    writeLock: new Mutex(),
  });
  return store;
}

/** @throws OptionInvalidError for a value that `createMemoryStore` did not make. */
export function stateOf(store: MemoryStore): StoreState {
  const state = states.get(store);
  if (state === undefined)
    throw new OptionInvalidError("store was not made by createMemoryStore.", { option: "store" });
  return state;
}
