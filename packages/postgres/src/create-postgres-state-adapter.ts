import type { StateAdapter } from "queuert/adapter";

import { createStore, type Store, type Work } from "./connections/store.ts";
import { checkSchema, type SchemaDifference } from "./migrations/check-schema.ts";
import { applyMigrations } from "./migrations/migrate.ts";
import { createNameObjects, type Naming } from "./names.ts";
import { nameChannel } from "./notify/channel-name.ts";
import { createPartitionKeeper } from "./partitions/keep-partitions.ts";
import {
  maintainPartitions,
  type PartitionMaintenance,
  type PartitionReport,
} from "./partitions/maintain-partitions.ts";
import {
  resolvePartitions,
  type Partitioning,
  type PartitionOptions,
} from "./partitions/partitioning.ts";
import type { PostgresProvider } from "./providers/provider.ts";
import { cancelChains } from "./statements/cancel-chains.ts";
import { readChainGraph } from "./statements/chain-graph.ts";
import { createClaimCursors } from "./statements/claim-cursors.ts";
import { completeChains } from "./statements/complete-chains.ts";
import { countChains } from "./statements/count-chains.ts";
import { deleteChains } from "./statements/delete-chains.ts";
import { exchange, settle } from "./statements/exchange.ts";
import { getChains } from "./statements/get-chains.ts";
import { getJobs } from "./statements/get-jobs.ts";
import { listAttempts } from "./statements/list-attempts.ts";
import { listChains } from "./statements/list-chains.ts";
import { listJobs } from "./statements/list-jobs.ts";
import { listTypes } from "./statements/list-types.ts";
import { listWorkers } from "./statements/list-workers.ts";
import { rescheduleChains, triggerChains } from "./statements/move-chains.ts";
import { notifyStarts } from "./statements/notify.ts";
import { setTypesPaused } from "./statements/pause-types.ts";
import { promoteJobs } from "./statements/promote-jobs.ts";
import { reapJobs } from "./statements/reap-jobs.ts";
import { redriveChains } from "./statements/redrive-chains.ts";
import { createRetirement } from "./statements/retire-chains.ts";
import { startChains } from "./statements/start-chains.ts";
import { readStats } from "./statements/stats.ts";
import { registerWorker, removeWorker, renewLease } from "./statements/workers.ts";

/** How {@link createPostgresStateAdapter} keeps its data. */
export interface PostgresStateAdapterOptions<TTransaction extends object> {
  /** The client library and its connections: `createNodePostgresProvider({ pool })` from `@queuert/postgres/node-postgres`, or another one. */
  readonly provider: PostgresProvider<TTransaction>;
  /** The schema of the tables and functions; `migrate` creates it where it is missing. Letters, digits and underscores. Default "queuert". */
  readonly schema?: string;
  /** Begins the name of every table and function: two installations in one schema never see each other. Letters, digits and underscores. Default "". */
  readonly tablePrefix?: string;
  /**
   * Whether statements are prepared once per connection and kept. Switch it off behind a pooler that hands connections out per transaction
   * and does not follow prepared statements. Default true.
   */
  readonly isPrepared?: boolean;
  /**
   * Divides the job table by the time at which chains were started, so that retention drops whole partitions: see docs/postgres-partitioning.md.
   * `migrate` creates such a table, and makes the partitions that are to be there ahead; so do workers, about once a minute.
   */
  readonly partitions?: PartitionOptions;
  /**
   * Whether a start in a transaction sends its wake-up by NOTIFY in that transaction too, for transactions that are begun past the client and
   * without hooks: else their jobs are found by polling. Costs a statement, and such commits of the whole database pass one by one. The
   * schema and `tablePrefix` have to be those of the notify adapter's state adapter. Default false.
   */
  readonly isNotifyingInTransactions?: boolean;
  /** How long a migration waits for a lock on a table before it steps back and tries again, in ms. Default 5,000. */
  readonly lockTimeoutMs?: number;
  /** Stands in for the database's clock, in ms since the epoch. For tests only. */
  readonly clock?: (() => number) | undefined;
}

/** A state adapter on PostgreSQL 14 or later. Transactions are the client library's own. */
export interface PostgresStateAdapter<
  in out TTransaction extends object,
> extends StateAdapter<TTransaction> {
  readonly name: "postgres";

  /**
   * Makes the partitions that are missing ahead, and drops those in which every chain is past the ages that `rules` give; chains that
   * have to stay move to the default partition. Never waits longer than `lockTimeoutMs` for a lock, and then leaves the rest to a later call. Any
   * number of processes may call it; one of them does it. Without the option `partitions` nothing is made.
   * Throws `OptionInvalidError` for a rule that makes no sense.
   */
  maintainPartitions(maintenance?: PartitionMaintenance): Promise<PartitionReport>;

  /**
   * Compares the tables, columns, constraints, indexes and functions with what `migrate` makes. Empty when all is as it should be. The schema is
   * made once more as temporary objects and rolled back, so the role needs the right to create those (TEMPORARY), and nothing waits.
   */
  checkSchema(): Promise<readonly SchemaDifference[]>;
}

/** What a notify adapter for the same installation needs of a state adapter. */
export interface PostgresInstallation {
  readonly naming: Naming;
  /** Runs `work` by itself. */
  run<TResult>(operation: string, work: Work<TResult>): Promise<TResult>;
}

const installations = new WeakMap<object, PostgresInstallation>();

/** The installation behind a state adapter; `undefined` for a value that {@link createPostgresStateAdapter} did not make. */
export function installationOf(state: object): PostgresInstallation | undefined {
  return installations.get(state);
}

/**
 * Makes a state adapter on PostgreSQL. It opens nothing by itself: connections are those of the provider.
 *
 * Every operation is one statement, and so atomic. In your own transaction it takes row locks until that ends. Two transactions that
 * lock in crossed order (both start chains that wait for the same two others, in two calls each) make PostgreSQL end one of them:
 * `StoreConflictError`, run the transaction again. Calls without a transaction are repeated by the adapter, a few times.
 *
 * @throws StoreSetupError for a `schema` or `tablePrefix` that cannot be part of a name.
 */
export function createPostgresStateAdapter<TTransaction extends object>(
  options: PostgresStateAdapterOptions<TTransaction>,
): PostgresStateAdapter<TTransaction> {
  const {
    provider,
    schema = "queuert",
    tablePrefix = "",
    isPrepared = true,
    partitions,
    isNotifyingInTransactions = false,
    lockTimeoutMs = 5_000,
    clock,
  } = options;
  const nameObjects = createNameObjects({ schema, tablePrefix });
  const store = createStore({ provider, nameObjects, isPrepared, clock });
  const naming: Naming = { schema, tablePrefix };
  const state = createStateAdapter(store, {
    lockTimeoutMs,
    partitions: partitions && resolvePartitions(partitions),
    naming,
    isNotifyingInTransactions,
  });
  installations.set(state, {
    naming,
    run: (operation, work) => store.run(operation, undefined, work),
  });
  return state;
}

function createStateAdapter<TTransaction extends object>(
  store: Store<TTransaction>,
  options: {
    readonly lockTimeoutMs: number;
    readonly partitions: Partitioning | undefined;
    readonly naming: Naming;
    readonly isNotifyingInTransactions: boolean;
  },
): PostgresStateAdapter<TTransaction> {
  const cursors = createClaimCursors();
  const retirement = createRetirement();
  const partitionKeeper = createPartitionKeeper(options.partitions);

  /** An operation on a list; an empty one is answered without the database. */
  const onList = async <TItem, TResult>(
    operation: string,
    tx: TTransaction | undefined,
    list: readonly TItem[],
    work: Work<readonly TResult[]>,
  ): Promise<readonly TResult[]> => (list.length === 0 ? [] : store.run(operation, tx, work));

  return {
    name: "postgres",
    transaction: (run) => store.transaction(run),
    savepoint: (tx, run) => store.savepoint(tx, run),
    migrate: () => store.migrate((runner) => applyMigrations(runner, options)),
    maintainPartitions: (maintenance = {}) =>
      maintainPartitions(
        (work) => store.run("maintainPartitions", undefined, work),
        options.partitions,
        maintenance,
      ),
    checkSchema: () => checkSchema(store.migrate, options.naming),
    close: () => store.close(),

    startChains: ({ tx, chains }) =>
      onList("startChains", tx, chains, async (session) => {
        const results = await startChains(session, chains);
        if (tx !== undefined && options.isNotifyingInTransactions)
          await notifyStarts(session, nameChannel(options.naming), chains, results);
        return results;
      }),
    exchange: async (params) => {
      const { settlements, started, claim } = params;
      if (settlements.length === 0 && started.length === 0 && claim === undefined)
        return { verdicts: [], claimed: [], isLive: true };
      return store.run("exchange", undefined, (session) => exchange(session, cursors, params));
    },
    settle: ({ tx, workerId, settlements }) =>
      onList("settle", tx, settlements, (session) => settle(session, workerId, settlements)),

    registerWorker: (worker) =>
      store.run("registerWorker", undefined, (session) => registerWorker(session, worker)),
    renew: (params) => store.run("renew", undefined, (session) => renewLease(session, params)),
    removeWorker: ({ workerId }) =>
      store.run("removeWorker", undefined, (session) => removeWorker(session, workerId)),
    reap: (params) => store.run("reap", undefined, (session) => reapJobs(session, params)),
    promote: async ({ limit }) => {
      await partitionKeeper.keep((work) => store.run("promote", undefined, work));
      return store.run("promote", undefined, (session) => promoteJobs(session, limit));
    },

    retireChains: (params) =>
      store.run("retireChains", undefined, (session) => retirement.retire(session, params)),

    completeChains: ({ tx, items }) =>
      onList("completeChains", tx, items, (session) => completeChains(session, items)),
    cancel: ({ tx, ...params }) =>
      onList("cancel", tx, params.chainIds, (session) => cancelChains(session, params)),
    redrive: ({ tx, chainIds }) =>
      onList("redrive", tx, chainIds, (session) => redriveChains(session, chainIds)),
    trigger: ({ tx, chainIds }) =>
      onList("trigger", tx, chainIds, (session) => triggerChains(session, chainIds)),
    reschedule: ({ tx, chainIds, schedule }) =>
      onList("reschedule", tx, chainIds, (session) =>
        rescheduleChains(session, chainIds, schedule),
      ),
    deleteChains: ({ tx, ...params }) =>
      onList("deleteChains", tx, params.chainIds, (session) => deleteChains(session, params)),
    setTypesPaused: async ({ tx, types, isPaused }) => {
      if (types.length > 0)
        await store.run("setTypesPaused", tx, (session) =>
          setTypesPaused(session, types, isPaused),
        );
    },

    getChains: ({ tx, chainIds }) =>
      onList("getChains", tx, chainIds, (session) => getChains(session, chainIds)),
    getJobs: ({ tx, keys }) => onList("getJobs", tx, keys, (session) => getJobs(session, keys)),
    listChains: (params) =>
      store.run("listChains", undefined, (session) => listChains(session, params)),
    countChains: (params) =>
      store.run("countChains", undefined, (session) => countChains(session, params)),
    listJobs: (params) => store.run("listJobs", undefined, (session) => listJobs(session, params)),
    listAttempts: ({ key }) =>
      store.run("listAttempts", undefined, (session) => listAttempts(session, key)),
    chainGraph: (params) =>
      store.run("chainGraph", undefined, (session) => readChainGraph(session, params)),
    listWorkers: ({ limit }) =>
      store.run("listWorkers", undefined, (session) => listWorkers(session, limit)),
    listTypes: () => store.run("listTypes", undefined, listTypes),
    stats: ({ cap }) => store.run("stats", undefined, (session) => readStats(session, cap)),
  };
}
