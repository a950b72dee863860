import { defineJobTypes, json, type Client, type TypesOf } from "queuert";

export const jobTypes = defineJobTypes({
  noop: { entry: true, input: json<{ payload: string }>() },
  committing: { entry: true },
  "step.0": { entry: true, continueWith: "step.1" },
  "step.1": { continueWith: "step.2" },
  "step.2": {},
  child: { entry: true },
  parent: { entry: true, blockers: { children: ["child"] } },
});

/** A client over any database: the ways leave transactions as they are. */
export type CostClient = Client<TypesOf<typeof jobTypes>, never>;

/** A way in which jobs can be started or run. */
export interface Way {
  /** Which part is counted. */
  readonly part: "start" | "drain";
  /** Resolves with the number of jobs that this will come to. */
  readonly start: (client: CostClient) => Promise<number>;
}

const batchSize = 1_000;
const batchCount = 2;
const singleCount = 200;
const parentCount = 50;
const childCount = 20;
const input = { payload: "x".repeat(88) };

async function startBatches(client: CostClient, type: "noop" | "committing" | "step.0") {
  const chain = type === "noop" ? { type, input } : { type };
  for (let batch = 0; batch < batchCount; batch++) {
    const chains = Array.from({ length: batchSize }, () => chain);
    await client.startChains({ tx: "autocommit", chains });
  }
  return batchSize * batchCount;
}

async function startFans(client: CostClient): Promise<number> {
  for (let parent = 0; parent < parentCount; parent++) {
    const chains = Array.from({ length: childCount }, () => ({ type: "child" as const }));
    const children = await client.startChains({ tx: "autocommit", chains });
    await client.startChain({ tx: "autocommit", type: "parent", blockers: { children } });
  }
  return parentCount * (childCount + 1);
}

/** By name: each mode of starting and each path of completion. */
export const ways: Readonly<Record<string, Way>> = {
  "start, batch of 1,000": {
    part: "start",
    start: async (client) => startBatches(client, "noop"),
  },
  "start, one by one": {
    part: "start",
    async start(client) {
      for (let index = 0; index < singleCount; index++)
        await client.startChain({ tx: "autocommit", type: "noop", input });
      return singleCount;
    },
  },
  "start, in the user's transaction": {
    part: "start",
    async start(client) {
      for (let index = 0; index < singleCount; index++)
        await client.transaction(async (tx) => client.startChain({ tx, type: "noop", input }));
      return singleCount;
    },
  },
  "drain, plain return": {
    part: "drain",
    start: async (client) => startBatches(client, "noop"),
  },
  "drain, commit": {
    part: "drain",
    start: async (client) => startBatches(client, "committing"),
  },
  "drain, step of a chain": {
    part: "drain",
    start: async (client) => (await startBatches(client, "step.0")) * 3,
  },
  "drain, job of a fan-in of 20": { part: "drain", start: startFans },
};
