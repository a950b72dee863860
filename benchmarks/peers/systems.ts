import type { JobKind, OpenSystem, Place, System } from "./system.ts";

/** A system as it is measured. */
export interface SystemEntry {
  readonly file: string;
  readonly variant: string;
  readonly store: "postgres" | "redis";
  /** How it is set up, beyond its defaults and the concurrency of the workload, and where its documentation says so. */
  readonly configuration: string;
  /** What it does not offer, and why. */
  readonly refuses?: Partial<Readonly<Record<JobKind | "latency" | "idle", string>>>;
}

const noDependencies = "has no jobs that wait for others";
const noSharedTransaction =
  "completes a job in a transaction of its own, after the handler's writes";

/** By name, in the order of the report. */
export const systems: Readonly<Record<string, SystemEntry>> = {
  queuert: {
    file: "queuert.ts",
    variant: "",
    store: "postgres",
    configuration: "defaults; a pool of concurrency + 2, at most 35",
  },
  "graphile-worker": {
    file: "graphile-worker.ts",
    variant: "defaults",
    store: "postgres",
    configuration:
      "defaults; a pool of concurrency + 2 (at most 35), as documented for maxPoolSize",
    refuses: { writing: noSharedTransaction, fan: noDependencies },
  },
  "graphile-worker (tuned)": {
    file: "graphile-worker.ts",
    variant: "tuned",
    store: "postgres",
    configuration:
      "as its performance page: localQueue.size 500, completeJobBatchDelay 0, failJobBatchDelay 0",
    refuses: { writing: noSharedTransaction, fan: noDependencies },
  },
  "pg-boss": {
    file: "pg-boss.ts",
    variant: "defaults",
    store: "postgres",
    configuration:
      "LISTEN/NOTIFY on; one loop that fetches `concurrency` jobs and goes on while batches come full; the flow resolver each second; `transactional` where the handler writes: a batch is a transaction",
  },
  "pg-boss (tuned)": {
    file: "pg-boss.ts",
    variant: "tuned",
    store: "postgres",
    configuration: "as before, with a loop for every 10 of the concurrency that fetches 100 jobs",
  },
  "BullMQ on PostgreSQL": {
    file: "bullmq.ts",
    variant: "postgres",
    store: "postgres",
    configuration: "defaults; a pool of concurrency + 2, at most 35; addBulk",
    refuses: { writing: noSharedTransaction },
  },
  DBOS: {
    file: "dbos.ts",
    variant: "",
    store: "postgres",
    configuration:
      "minPollingIntervalMs 10 (default 1,000), a pool of 20; a job is a workflow, a chain is one workflow of 5 steps",
    refuses: {
      writing:
        "commits a step's writes with the step's record; the workflow completes in a later transaction",
    },
  },
  "BullMQ on Redis": {
    file: "bullmq.ts",
    variant: "redis",
    store: "redis",
    configuration: "defaults; addBulk. Not durable unless the server is set up so",
    refuses: { writing: "has no transaction in common with a database" },
  },
  floor: {
    file: "floor.ts",
    variant: "",
    store: "postgres",
    configuration:
      "no system: one table, prepared statements; one loop that claims `concurrency` rows and completes them together",
    refuses: {
      fan: noDependencies,
      latency: "has no wake-ups",
      idle: "has no wake-ups",
    },
  },
};

/** Loads a system; its packages have to be installed. */
export async function loadSystem(name: string, place: Place): Promise<System> {
  const entry = systems[name];
  if (entry === undefined) throw new Error(`There is no system "${name}".`);
  const { open } = (await import(`./systems/${entry.file}`)) as { readonly open: OpenSystem };
  return open(place, entry.variant);
}
