import { formatJobId } from "../model/ids.ts";
import { systemClock } from "../ports/clock.ts";
import type { StateAdapter } from "../ports/state-adapter.ts";
import type { StateReads } from "../ports/state-reads.ts";
import { chainGraph } from "./chain-graph.ts";
import { claimJobs, startHeldJobs } from "./claim-jobs.ts";
import { deleteChains } from "./delete-chains.ts";
import { cancelChains, completeChains, redriveChains } from "./end-chains.ts";
import { registerWorker, removeWorker, renewWorker } from "./lease-workers.ts";
import { walkChains, walkJobs } from "./list-rows.ts";
import { take } from "./ordered-set.ts";
import { reapJobs } from "./reap-jobs.ts";
import { attemptRecord, chainRecord, jobRecord, workerRecord } from "./records.ts";
import { compareText } from "./rows.ts";
import { retireChains } from "./retire-chains.ts";
import { findNextDue, promoteJobs, rescheduleChains, triggerChains } from "./schedule-jobs.ts";
import { platformAsyncContext } from "./platform-async-context.ts";
import { Sessions, type AsyncContext, type MemoryTransaction } from "./sessions.ts";
import { isStickySettled, settleAttempts } from "./settle-attempts.ts";
import { startChains } from "./start-chains.ts";
import { createMemoryStore, stateOf, type MemoryStore } from "./store.ts";
import { jobAt } from "./tables.ts";
import { typeStats } from "./type-stats.ts";
import { Writer } from "./writer.ts";

/** The options of {@link createMemoryStateAdapter}. */
export interface MemoryStateAdapterOptions {
  /** What to keep the rows in. Default: a store of its own. */
  readonly store?: MemoryStore | undefined;
  /** The store's clock, in ms since the epoch: for tests. Default: the process's. */
  readonly clock?: (() => number) | undefined;
  /**
   * Lets a call without `tx`, made inside an open transaction and waiting for it, throw `TransactionNestedError` (trap C5). Default: the
   * platform's own, one for all adapters of a process; in a browser, which has none, such a call cannot be told from somebody else's and waits for ever.
   */
  readonly asyncContext?: AsyncContext | undefined;
}

/**
 * Makes a state adapter that keeps all in memory: for tests, and to read what the others must do. One transaction writes at a time, in
 * the order of asking; readers outside never wait and see what has committed. It needs no migration. What is stored ends with the process.
 *
 * @throws OptionInvalidError for a `store` that `createMemoryStore` did not make.
 */
export function createMemoryStateAdapter(
  options: MemoryStateAdapterOptions = {},
): StateAdapter<MemoryTransaction> {
  const state = stateOf(options.store ?? createMemoryStore());
  const clock = options.clock ?? systemClock.now;
  const sessions = new Sessions(state, options.asyncContext ?? platformAsyncContext);

  /** Runs an operation that writes, with the time read once it may begin (P8). */
  const write = <TResult>(
    operation: string,
    tx: MemoryTransaction | undefined,
    run: (writer: Writer) => TResult,
  ): Promise<TResult> => sessions.write(operation, tx, () => run(new Writer(state, clock())));

  return {
    name: "memory",

    transaction: (run) => sessions.transaction(run),
    savepoint: (tx, run) => sessions.savepoint(tx, run),
    migrate: async () => {
      sessions.refuseClosed();
      return { applied: [], version: "memory" };
    },
    close: () => sessions.close(),

    startChains: ({ tx, chains }) =>
      write("startChains", tx, (writer) => startChains(writer, chains)),
    exchange: ({ workerId, settlements, started, claim }) =>
      write("exchange", undefined, (writer) => {
        const verdicts = settleAttempts(writer, workerId, settlements);
        startHeldJobs(writer, workerId, started);
        const isLeaseAsked =
          claim !== undefined ||
          settlements.some((settlement, index) => isStickySettled(settlement, verdicts[index]!));
        const isLive = !isLeaseAsked || writer.isLive(workerId);
        if (claim === undefined || !isLive) return { verdicts, claimed: [], isLive };
        const claimed = claimJobs(writer, workerId, claim);
        const isShort = claimed.length < claim.slots + claim.ahead;
        const schedule = isShort ? { nextDueInMs: findNextDue(writer) } : undefined;
        return { verdicts, claimed, isLive, schedule };
      }),
    settle: ({ tx, workerId, settlements }) =>
      write("settle", tx, (writer) => settleAttempts(writer, workerId, settlements)),

    registerWorker: (worker) =>
      write("registerWorker", undefined, (writer) => registerWorker(writer, worker)),
    renew: (params) => write("renew", undefined, (writer) => renewWorker(writer, params)),
    removeWorker: ({ workerId }) =>
      write("removeWorker", undefined, (writer) => removeWorker(writer, workerId)),
    reap: (params) => write("reap", undefined, (writer) => reapJobs(writer, params)),
    promote: ({ limit }) => write("promote", undefined, (writer) => promoteJobs(writer, limit)),
    retireChains: (params) =>
      write("retireChains", undefined, (writer) => retireChains(writer, params)),

    completeChains: ({ tx, items }) =>
      write("completeChains", tx, (writer) => completeChains(writer, items)),
    cancel: ({ tx, ...params }) => write("cancel", tx, (writer) => cancelChains(writer, params)),
    redrive: ({ tx, chainIds }) =>
      write("redrive", tx, (writer) => redriveChains(writer, chainIds)),
    trigger: ({ tx, chainIds }) =>
      write("trigger", tx, (writer) => triggerChains(writer, chainIds)),
    reschedule: ({ tx, chainIds, schedule }) =>
      write("reschedule", tx, (writer) => rescheduleChains(writer, chainIds, schedule)),
    deleteChains: ({ tx, ...params }) =>
      write("deleteChains", tx, (writer) => deleteChains(writer, params)),
    setTypesPaused: ({ tx, types, isPaused }) =>
      write("setTypesPaused", tx, (writer) => {
        for (const type of types) writer.putPaused(type, isPaused);
      }),

    ...createReads(sessions, clock),
  };
}

function createReads(sessions: Sessions, clock: () => number): StateReads<MemoryTransaction> {
  return {
    getChains: ({ tx, chainIds }) =>
      sessions.read(tx, (tables) =>
        chainIds.map((chainId) => {
          const chain = tables.chains.get(chainId);
          return chain === undefined ? undefined : chainRecord(tables, chain, true);
        }),
      ),
    getJobs: ({ tx, keys }) =>
      sessions.read(tx, (tables) =>
        keys.map((key) => {
          const row = jobAt(tables, key);
          return row === undefined ? undefined : jobRecord(tables, row, true);
        }),
      ),
    listChains: ({ filter, order, after, limit }) =>
      sessions.read(undefined, (tables) =>
        take(walkChains(tables, filter, order, after), limit).map((chain) =>
          chainRecord(tables, chain, false),
        ),
      ),
    countChains: ({ filter, cap }) =>
      sessions.read(
        undefined,
        (tables) => take(walkChains(tables, filter, "oldest", undefined), cap).length,
      ),
    listJobs: ({ filter, order, after, limit }) =>
      sessions.read(undefined, (tables) =>
        take(walkJobs(tables, filter, order, after), limit).map((row) =>
          jobRecord(tables, row, false),
        ),
      ),
    listAttempts: ({ key }) =>
      sessions.read(undefined, (tables) =>
        (tables.attempts.get(formatJobId(key)) ?? []).map((row) => attemptRecord(key, row)),
      ),
    chainGraph: (params) => sessions.read(undefined, (tables) => chainGraph(tables, params)),
    listWorkers: ({ limit }) =>
      sessions.read(undefined, (tables) => {
        const oldestFirst = [...tables.workers.rows()].toSorted(
          (left, right) =>
            left.startedAtMs - right.startedAtMs || compareText(left.workerId, right.workerId),
        );
        const nowMs = clock();
        return take(oldestFirst, limit).map((row) => workerRecord(tables, row, nowMs));
      }),
    listTypes: () =>
      sessions.read(undefined, (tables) =>
        [...tables.types.rows()]
          .map(({ type, isPaused }) => ({ type, isPaused }))
          .toSorted((left, right) => compareText(left.type, right.type)),
      ),
    stats: ({ cap }) => sessions.read(undefined, (tables) => typeStats(tables, cap, clock())),
  };
}
