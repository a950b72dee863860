import type { ExchangeResult, StateAdapter } from "queuert/adapter";

import { createStore, type Store, type Work } from "./connections/store.ts";
import { applyMigrations, assertMigrated } from "./migrations/migrate.ts";
import type { SqliteProvider } from "./providers/provider.ts";
import { cancelChains } from "./statements/cancel-chains.ts";
import { readChainGraph } from "./statements/chain-graph.ts";
import { completeChains } from "./statements/complete-chains.ts";
import { deleteChains } from "./statements/delete-chains.ts";
import { exchange, peekClaim, settle } from "./statements/exchange.ts";
import { getChain, getJob } from "./statements/get-chains.ts";
import { listAttempts } from "./statements/list-attempts.ts";
import { countChains, listChains } from "./statements/list-chains.ts";
import { listJobs } from "./statements/list-jobs.ts";
import { listWorkers } from "./statements/list-workers.ts";
import { rescheduleChains, triggerChains } from "./statements/move-chains.ts";
import { listTypes, setTypesPaused } from "./statements/pause-types.ts";
import { peekPromote, promoteJobs } from "./statements/promote-jobs.ts";
import { hasReapable, reapJobs } from "./statements/reap-jobs.ts";
import { redriveChains } from "./statements/redrive-chains.ts";
import { findRetirable, retireChains } from "./statements/retire-chains.ts";
import { startChains } from "./statements/start-chains.ts";
import { readStats } from "./statements/stats.ts";
import { registerWorker, removeWorker, renewLease } from "./statements/workers.ts";
import { createNameTables } from "./table-names.ts";

/** How {@link createSqliteStateAdapter} keeps its data. */
export interface SqliteStateAdapterOptions<TTransaction extends object> {
  /** The client and the database file, from `@queuert/sqlite/node-sqlite` or `@queuert/sqlite/better-sqlite3`. */
  readonly provider: SqliteProvider<TTransaction>;
  /** Begins the name of every table: two installations in one file never see each other. Letters, digits and underscores. Default "queuert_". */
  readonly tablePrefix?: string;
  /**
   * "full": a commit is on the disk when it returns. "normal": faster, and the last commits may be lost when the machine, not only the
   * process, goes down; what is left is consistent. Default "full".
   */
  readonly synchronous?: "full" | "normal";
  /** How long to wait for a write lock that another process or connection holds, in ms. Default 10,000. */
  readonly busyTimeoutMs?: number;
  /** Stands in for the database's clock, in ms since the epoch. For tests only. */
  readonly clock?: (() => number) | undefined;
}

/** A state adapter on a SQLite file. Transactions are the client's own connection objects. */
export interface SqliteStateAdapter<
  in out TTransaction extends object,
> extends StateAdapter<TTransaction> {
  readonly name: "sqlite";
}

/** What a notify adapter on the same file needs of a state adapter. */
export interface SqliteInstallation {
  /** The same text for all adapters on one file and prefix. */
  readonly id: string;
  readDataVersion(): Promise<number>;
}

const installations = new WeakMap<object, SqliteInstallation>();

/** The installation behind a state adapter; `undefined` for a value that {@link createSqliteStateAdapter} did not make. */
export function installationOf(state: object): SqliteInstallation | undefined {
  return installations.get(state);
}

/**
 * Makes a state adapter on a SQLite file. It opens two connections of its own, on first use: a writer and a reader.
 *
 * A connection that you opened may stand as `tx` too, while it is in a transaction on the same file. Begin that with `BEGIN IMMEDIATE`: a
 * transaction that has read before it writes may find that it cannot write any more, and throws `StoreConflictError`.
 *
 * @throws StoreSetupError for a `tablePrefix` that cannot begin a table name.
 */
export function createSqliteStateAdapter<TTransaction extends object>(
  options: SqliteStateAdapterOptions<TTransaction>,
): SqliteStateAdapter<TTransaction> {
  const {
    provider,
    tablePrefix = "queuert_",
    synchronous = "full",
    busyTimeoutMs = 10_000,
    clock,
  } = options;
  const store = createStore({
    provider,
    nameTables: createNameTables(tablePrefix),
    synchronous,
    busyTimeoutMs,
    clock,
    assertMigrated,
  });
  const state = createStateAdapter(store);
  installations.set(state, {
    id: `${tablePrefix.toLowerCase()}@${provider.filename}`,
    readDataVersion: store.readDataVersion,
  });
  return state;
}

function createStateAdapter<TTransaction extends object>(
  store: Store<TTransaction>,
): SqliteStateAdapter<TTransaction> {
  /** An operation on a list; an empty one is answered without the database. */
  const writeList = async <TItem, TResult>(
    operation: string,
    tx: TTransaction | undefined,
    list: readonly TItem[],
    work: Work<readonly TResult[]>,
  ): Promise<readonly TResult[]> => (list.length === 0 ? [] : store.write(operation, tx, work));

  /** Looks on the reader first whether there is anything to write. */
  const writeUnless = async <TResult>(
    operation: string,
    peek: Work<TResult | undefined>,
    work: Work<TResult>,
  ): Promise<TResult> => {
    store.assertWritable(operation);
    return (await store.read(undefined, peek)) ?? store.write(operation, undefined, work);
  };

  /** Where the last retirement left off, and by which rules. */
  let retireWalk = { by: "", after: "" };

  return {
    name: "sqlite",
    transaction: (run) => store.transaction(run),
    savepoint: (tx, run) => store.savepoint(tx, run),
    migrate: () => store.migrate(applyMigrations),
    close: () => store.close(),

    startChains: ({ tx, chains }) =>
      writeList("startChains", tx, chains, (session) => startChains(session, chains)),
    exchange: async (params) => {
      const { workerId, settlements, started, claim } = params;
      const run: Work<ExchangeResult> = (session) => exchange(session, params);
      if (settlements.length > 0 || started.length > 0)
        return store.write("exchange", undefined, run);
      if (claim === undefined) return { verdicts: [], claimed: [], isLive: true };
      return writeUnless("exchange", (session) => peekClaim(session, workerId, claim), run);
    },
    settle: ({ tx, workerId, settlements }) =>
      writeList("settle", tx, settlements, (session) => settle(session, workerId, settlements)),

    registerWorker: (worker) =>
      store.write("registerWorker", undefined, (session) => registerWorker(session, worker)),
    renew: (params) => store.write("renew", undefined, (session) => renewLease(session, params)),
    removeWorker: ({ workerId }) =>
      store.write("removeWorker", undefined, (session) => removeWorker(session, workerId)),
    reap: (params) =>
      writeUnless(
        "reap",
        (session) =>
          hasReapable(session, params) ? undefined : { reaped: [], workerIds: [], isMore: false },
        (session) => reapJobs(session, params),
      ),
    promote: ({ limit }) =>
      writeUnless("promote", peekPromote, (session) => promoteJobs(session, limit)),
    retireChains: async ({ rules, limit }) => {
      store.assertWritable("retireChains");
      const by = JSON.stringify(rules);
      const after = retireWalk.by === by ? retireWalk.after : "";
      const found = await store.read(undefined, (session) =>
        findRetirable(session, { rules, limit, after }),
      );
      const retired =
        found.free.length === 0
          ? []
          : await store.write("retireChains", undefined, (session) => retireChains(session, found));
      retireWalk = { by, after: found.endedAt ?? "" };
      return { retired, isMore: found.endedAt !== undefined };
    },

    completeChains: ({ tx, items }) =>
      writeList("completeChains", tx, items, (session) => completeChains(session, items)),
    cancel: ({ tx, ...params }) =>
      writeList("cancel", tx, params.chainIds, (session) => cancelChains(session, params)),
    redrive: ({ tx, chainIds }) =>
      writeList("redrive", tx, chainIds, (session) => redriveChains(session, chainIds)),
    trigger: ({ tx, chainIds }) =>
      writeList("trigger", tx, chainIds, (session) => triggerChains(session, chainIds)),
    reschedule: ({ tx, chainIds, schedule }) =>
      writeList("reschedule", tx, chainIds, (session) =>
        rescheduleChains(session, chainIds, schedule),
      ),
    deleteChains: ({ tx, ...params }) =>
      writeList("deleteChains", tx, params.chainIds, (session) => deleteChains(session, params)),
    setTypesPaused: async ({ tx, types, isPaused }) => {
      if (types.length > 0)
        await store.write("setTypesPaused", tx, (session) =>
          setTypesPaused(session, types, isPaused),
        );
    },

    getChains: async ({ tx, chainIds }) =>
      chainIds.length === 0
        ? []
        : store.read(tx, (session) =>
            chainIds.map((chainId) => getChain(session, chainId, { hasPayload: true })),
          ),
    getJobs: async ({ tx, keys }) =>
      keys.length === 0
        ? []
        : store.read(tx, (session) =>
            keys.map((key) => getJob(session, key, { hasPayload: true })),
          ),
    listChains: (params) => store.read(undefined, (session) => listChains(session, params)),
    countChains: (params) => store.read(undefined, (session) => countChains(session, params)),
    listJobs: (params) => store.read(undefined, (session) => listJobs(session, params)),
    listAttempts: ({ key }) => store.read(undefined, (session) => listAttempts(session, key)),
    chainGraph: (params) => store.read(undefined, (session) => readChainGraph(session, params)),
    listWorkers: ({ limit }) => store.read(undefined, (session) => listWorkers(session, limit)),
    listTypes: () => store.read(undefined, listTypes),
    stats: ({ cap }) => store.read(undefined, (session) => readStats(session, cap)),
  };
}
