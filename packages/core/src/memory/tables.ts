import { JobIndex } from "./job-index.ts";
import { addTo, deleteFrom, OrderedSet } from "./ordered-set.ts";
import {
  compareExpiring,
  compareKeys,
  compareText,
  type BlockersRow,
  type DeduplicationRow,
  type Rows,
} from "./rows.ts";

/** Tells an index that the row of a key is another one; `undefined` = there is none. */
type RowChange<TRow> = (previous: TRow | undefined, next: TRow | undefined) => void;

/** Rows by key. Its index follows from its rows alone, so that an undo or a replay needs to know nothing but rows. */
export class Table<TRow> {
  readonly #rows = new Map<string, TRow>();
  readonly #onChange: RowChange<TRow>;

  constructor(onChange: RowChange<TRow> = () => {}) {
    this.#onChange = onChange;
  }

  get(key: string): TRow | undefined {
    return this.#rows.get(key);
  }

  rows(): IterableIterator<TRow> {
    return this.#rows.values();
  }

  /** Puts a row, or takes it away, and returns the one before. */
  put(key: string, row: TRow | undefined): TRow | undefined {
    const previous = this.#rows.get(key);
    if (previous === row) return previous;
    if (row === undefined) this.#rows.delete(key);
    else this.#rows.set(key, row);
    this.#onChange(previous, row);
    return previous;
  }
}

export type TablesByName = { readonly [TName in keyof Rows]: Table<Rows[TName]> };

/** The tables of a store with their indexes: one state of all that is stored. */
export type Tables = TablesByName & {
  readonly chainIds: OrderedSet<string>;
  readonly jobIndex: JobIndex;
  /** By blocking chain: the jobs that name it, in the order of their keys. */
  readonly waiters: ReadonlyMap<string, OrderedSet<BlockersRow>>;
  /** Deduplication rows that will be dropped, the next one first. */
  readonly expiring: OrderedSet<DeduplicationRow>;
};

export function createTables(): Tables {
  const chainIds = new OrderedSet<string>(compareText);
  const jobIndex = new JobIndex();
  const waiters = new Map<string, OrderedSet<BlockersRow>>();
  const expiring = new OrderedSet<DeduplicationRow>(compareExpiring);
  return {
    chains: new Table((previous, next) => {
      if (previous === undefined) chainIds.add(next!.chainId);
      else if (next === undefined) chainIds.delete(previous.chainId);
    }),
    jobs: new Table((previous, next) => jobIndex.change(previous, next)),
    blockers: new Table((previous, next) => {
      for (const { chainId } of previous?.blockers ?? []) deleteFrom(waiters, chainId, previous!);
      for (const { chainId } of next?.blockers ?? []) addTo(waiters, chainId, next!, compareKeys);
    }),
    attempts: new Table(),
    deduplications: new Table((previous, next) => {
      if (previous?.expiresAtMs !== undefined) expiring.delete(previous);
      if (next?.expiresAtMs !== undefined) expiring.add(next);
    }),
    workers: new Table(),
    types: new Table(),
    chainIds,
    jobIndex,
    waiters,
    expiring,
  };
}
