import { createClient, createWorker, type StateAdapter } from "queuert";

import { openPostgresCostStores } from "./postgres-cost-store.ts";
import { openSqliteCostStore } from "./sqlite-cost-store.ts";
import { jobTypes, ways, type Way } from "./ways.ts";

/** What a store was asked to do, by kind. */
export type Cost = Readonly<Record<string, number>>;

/** An empty store that counts what it is asked to do. */
export interface CostStore {
  readonly state: StateAdapter<never>;
  /** The cost since the last call. */
  take(): Promise<Cost>;
  dispose(): Promise<void>;
}

/** What one job costs, by the way in which it is started or run. */
export type JobCosts = Readonly<Record<string, Cost>>;

const concurrency = 50;

/** The databases whose costs are pinned, by name. */
export const databases: Readonly<Record<string, () => Promise<JobCosts>>> = {
  sqlite: async () => measureWays(openSqliteCostStore),
  async postgres() {
    const stores = await openPostgresCostStores();
    try {
      return await measureWays(stores.open);
    } finally {
      await stores.dispose();
    }
  },
};

async function measureWays(openStore: () => Promise<CostStore>): Promise<JobCosts> {
  const costs: Record<string, Cost> = {};
  for (const [name, way] of Object.entries(ways)) costs[name] = await measureWay(openStore, way);
  return costs;
}

/**
 * Measures what a job costs the database. Nothing is held ahead (`prefetchMs: 0`), so that the size of an exchange depends on the
 * concurrency alone and the counts repeat.
 */
async function measureWay(openStore: () => Promise<CostStore>, way: Way): Promise<Cost> {
  const { state, take, dispose } = await openStore();
  const client = await createClient({ jobTypes, state });
  const worker = createWorker(client, {
    concurrency,
    prefetchMs: 0,
    handlers: {
      noop: async () => {},
      committing: ({ commit }) => commit(async () => {}),
      "step.0": async ({ continueWith }) => continueWith({ type: "step.1" }),
      "step.1": async ({ continueWith }) => continueWith({ type: "step.2" }),
      "step.2": async () => {},
      child: async () => {},
      parent: async () => {},
    },
  });
  await take();
  const jobCount = await way.start(client);
  const start = await take();
  await worker.start();
  await worker.drain();
  const drain = await take();
  await worker.stop();
  await client.close();
  await dispose();
  const cost = way.part === "start" ? start : drain;
  return Object.fromEntries(Object.entries(cost).map(([kind, total]) => [kind, total / jobCount]));
}
