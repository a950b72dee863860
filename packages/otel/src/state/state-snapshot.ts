import type { Inspect, JobCounts } from "queuert";

/** What the state reporter reads: a client's `inspect` fits. */
export type StateReads = Pick<Inspect, "listTypes" | "listWorkers" | "countChains">;

/** A job type as the database has it. */
export interface TypeState {
  readonly type: string;
  readonly counts: JobCounts;
  readonly oldestReadyMs: number | null;
  /** Live workers that handle it. */
  readonly workerCount: number;
}

/** Chains of a type in a status. */
export interface ChainState {
  readonly chainType: string;
  readonly status: "open" | "failed";
  readonly count: number;
}

/** What the database holds, at one time. */
export interface StateSnapshot {
  readonly types: readonly TypeState[];
  readonly chains: readonly ChainState[];
  readonly readAtMs: number;
}

/** The statuses that are counted: the others only grow. */
const countedStatuses = ["open", "failed"] as const;

/** Reads the state by a few bounded queries, one after the other: two for each type that may begin a chain, and one for all jobs. */
export async function readState(
  reads: StateReads,
  options: { readonly hasChainCounts: boolean; readonly nowMs: () => number },
): Promise<StateSnapshot> {
  const listed = await reads.listTypes();
  const types = listed.map(({ type, counts, oldestReadyMs, workers }) => ({
    type,
    counts,
    oldestReadyMs,
    workerCount: workers.length,
  }));
  const chains: ChainState[] = [];
  // Where types are defined by types alone, every type may be one that begins chains.
  const chainTypes = listed.filter(({ definition }) => definition?.isEntry !== false);
  for (const { type: chainType } of options.hasChainCounts ? chainTypes : []) {
    for (const status of countedStatuses) {
      const { count } = await reads.countChains({ types: [chainType], statuses: [status] });
      chains.push({ chainType, status, count });
    }
  }
  return { types, chains, readAtMs: options.nowMs() };
}

/**
 * Whether this process is the one that reports: it runs the oldest worker that is live, so that all processes agree without a word. Where none is
 * live, everybody who looks reports, since a standstill must not go unseen.
 */
export async function isElected(
  reads: StateReads,
  ownWorkerIds: ReadonlySet<string>,
): Promise<boolean> {
  const workers = await reads.listWorkers();
  const oldest = workers.find(({ isLive }) => isLive);
  return oldest === undefined || ownWorkerIds.has(oldest.workerId);
}
