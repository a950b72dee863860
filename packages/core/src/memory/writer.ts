import { formatJobId, type JobKey } from "../model/ids.ts";
import type { Journal } from "./journal.ts";
import type {
  AttemptRow,
  BlockersRow,
  ChainRow,
  DeduplicationRow,
  JobRow,
  Rows,
  WorkerRow,
} from "./rows.ts";
import type { StoreState } from "./store.ts";
import { jobAt, type Tables } from "./tables.ts";

/** What an operation writes with: the live tables, the journal, and the time that was read once for it (P8). */
export class Writer {
  readonly tables: Tables;
  readonly nowMs: number;
  readonly #journal: Journal;

  constructor(state: StoreState, nowMs: number) {
    this.tables = state.live;
    this.nowMs = nowMs;
    this.#journal = state.journal;
  }

  chain(chainId: string): ChainRow | undefined {
    return this.tables.chains.get(chainId);
  }

  job(key: JobKey): JobRow | undefined {
    return jobAt(this.tables, key);
  }

  /** The job at which a chain stands. */
  lastJob(chain: ChainRow): JobRow {
    return this.job({ chainId: chain.chainId, chainIndex: chain.lastIndex })!;
  }

  blockers(key: JobKey): BlockersRow | undefined {
    return this.tables.blockers.get(formatJobId(key));
  }

  /** The jobs that name a chain as their blocker, in key order. A list of its own: it may be walked while rows are written. */
  waiters(chainId: string): readonly BlockersRow[] {
    return [...(this.tables.waiters.get(chainId)?.ascending() ?? [])];
  }

  worker(workerId: string): WorkerRow | undefined {
    return this.tables.workers.get(workerId);
  }

  isLive(workerId: string): boolean {
    const worker = this.worker(workerId);
    return worker !== undefined && worker.leaseUntilMs > this.nowMs;
  }

  isPaused(type: string): boolean {
    return this.tables.types.get(type)?.isPaused === true;
  }

  putChain(row: ChainRow): ChainRow {
    this.#journal.put("chains", row.chainId, row);
    return row;
  }

  putJob(row: JobRow): JobRow {
    this.#journal.put("jobs", formatJobId(row), row);
    return row;
  }

  putBlockers(row: BlockersRow): void {
    this.#journal.put("blockers", formatJobId(row), row);
  }

  putAttempts(key: JobKey, rows: readonly AttemptRow[]): void {
    this.#journal.put("attempts", formatJobId(key), rows);
  }

  putDeduplication(row: DeduplicationRow): void {
    this.#journal.put("deduplications", row.deduplicationId, row);
  }

  putWorker(row: WorkerRow): void {
    this.#journal.put("workers", row.workerId, row);
  }

  putPaused(type: string, isPaused: boolean): void {
    this.#journal.put("types", type, { type, isPaused });
  }

  delete(name: keyof Rows, key: string): void {
    this.#journal.put(name, key, undefined);
  }
}
