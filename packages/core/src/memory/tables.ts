import type { JobKey } from "../model/ids.ts";
import { JobIndex } from "./job-index.ts";
import { addTo, deleteFrom, OrderedSet } from "./ordered-set.ts";
import {
  compareExpiring,
  compareKeys,
  compareText,
  type BlockersRow,
  type DeduplicationRow,
  type JobRow,
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
  /** By how it closed: the ids of the chains, in their order. */
  readonly closedChainIds: ReadonlyMap<string, OrderedSet<string>>;
  readonly jobIndex: JobIndex;
  /** By chain: its jobs, each at its index. */
  readonly chainJobs: ReadonlyMap<string, readonly (JobRow | undefined)[]>;
  /** By blocking chain: the jobs that name it, in the order of their keys. */
  readonly waiters: ReadonlyMap<string, OrderedSet<BlockersRow>>;
  /** Deduplication rows that will be dropped, the next one first. */
  readonly expiring: OrderedSet<DeduplicationRow>;
};

export function createTables(): Tables {
  const chainIds = new OrderedSet<string>(compareText);
  const closedChainIds = new Map<string, OrderedSet<string>>();
  const jobIndex = new JobIndex();
  const chainJobs = new Map<string, (JobRow | undefined)[]>();
  const waiters = new Map<string, OrderedSet<BlockersRow>>();
  const expiring = new OrderedSet<DeduplicationRow>(compareExpiring);
  return {
    chains: new Table((previous, next) => {
      if (previous === undefined) chainIds.add(next!.chainId);
      else if (next === undefined) chainIds.delete(previous.chainId);
      if (previous?.status === next?.status) return;
      if (previous !== undefined && previous.status !== "open")
        deleteFrom(closedChainIds, previous.status, previous.chainId);
      if (next !== undefined && next.status !== "open")
        addTo(closedChainIds, next.status, next.chainId, compareText);
    }),
    jobs: new Table((previous, next) => {
      jobIndex.change(previous, next);
      placeInChain(chainJobs, (next ?? previous)!, next);
    }),
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
    closedChainIds,
    jobIndex,
    chainJobs,
    waiters,
    expiring,
  };
}

/** The job of a key. By its chain, whose id is a text that is there: the key of the table would have to be put together. */
export function jobAt({ chainJobs }: Tables, { chainId, chainIndex }: JobKey): JobRow | undefined {
  return chainJobs.get(chainId)?.[chainIndex];
}

/** Puts a row at the place of `at`, or nothing; a chain without jobs leaves nothing behind. */
function placeInChain(
  chainJobs: Map<string, (JobRow | undefined)[]>,
  at: JobKey,
  row: JobRow | undefined,
): void {
  let jobs = chainJobs.get(at.chainId);
  if (jobs === undefined) chainJobs.set(at.chainId, (jobs = []));
  jobs[at.chainIndex] = row;
  while (jobs.length > 0 && jobs.at(-1) === undefined) jobs.pop();
  if (jobs.length === 0) chainJobs.delete(at.chainId);
}
