import { createPostgresNotifyAdapter, createPostgresStateAdapter } from "@queuert/postgres";
import {
  createNodePostgresListener,
  createNodePostgresProvider,
} from "@queuert/postgres/node-postgres";
import pg from "pg";
import { createClient, createWorker, defineJobTypes, json, type ClientOf } from "queuert";

import {
  childCount,
  createInput,
  effectTable,
  numberRun,
  poolSizeFor,
  stepCount,
  type JobInput,
  type JobKind,
  type OpenSystem,
  type Producer,
} from "../system.ts";
import { countRows } from "./count-rows.ts";

interface ChildInput {
  readonly index: number;
  readonly position: number;
}

const jobTypes = defineJobTypes({
  plain: { entry: true, input: json<JobInput>() },
  writing: { entry: true, input: json<JobInput>() },
  "step.0": { entry: true, input: json<JobInput>(), continueWith: "step.1" },
  "step.1": { input: json<JobInput>(), continueWith: "step.2" },
  "step.2": { input: json<JobInput>(), continueWith: "step.3" },
  "step.3": { input: json<JobInput>(), continueWith: "step.4" },
  "step.4": { input: json<JobInput>() },
  child: { entry: true, input: json<ChildInput>() },
  parent: { entry: true, input: json<JobInput>(), blockers: { children: ["child"] } },
});

type BenchClient = ClientOf<typeof jobTypes, pg.PoolClient>;

interface Connection {
  readonly pool: pg.Pool;
  readonly client: BenchClient;
  close(): Promise<void>;
}

async function connect(url: string, connectionCountMax: number): Promise<Connection> {
  const pool = new pg.Pool({ connectionString: url, max: connectionCountMax });
  const state = createPostgresStateAdapter({ provider: createNodePostgresProvider({ pool }) });
  const notify = createPostgresNotifyAdapter({
    state,
    listener: createNodePostgresListener({ pool }),
  });
  const client = await createClient({ jobTypes, state, notify });
  return {
    pool,
    client,
    async close() {
      await client.close();
      await notify.close();
      await state.close();
      await pool.end();
    },
  };
}

export const open: OpenSystem = ({ url }) => ({
  async install() {
    const pool = new pg.Pool({ connectionString: url, max: 2 });
    const state = createPostgresStateAdapter({ provider: createNodePostgresProvider({ pool }) });
    await state.migrate();
    await state.close();
    await pool.end();
  },

  openProducer: async () => createProducer(await connect(url, 20)),

  async startWorker({ kind, concurrency, onRun }) {
    const connection = await connect(url, poolSizeFor(concurrency));
    const worker = createWorker(connection.client, {
      concurrency,
      handlers: {
        plain: async ({ job }) => onRun(numberRun(kind, job.input.index)),
        writing: async ({ job, commit }) =>
          commit(async (tx) => {
            onRun(numberRun(kind, job.input.index));
            await tx.query({
              name: "effect",
              text: `INSERT INTO ${effectTable} (job) VALUES ($1)`,
              values: [job.input.index],
            });
          }),
        "step.0": async ({ job: { input }, continueWith }) => {
          onRun(numberRun(kind, input.index, 0));
          return continueWith({ type: "step.1", input });
        },
        "step.1": async ({ job: { input }, continueWith }) => {
          onRun(numberRun(kind, input.index, 1));
          return continueWith({ type: "step.2", input });
        },
        "step.2": async ({ job: { input }, continueWith }) => {
          onRun(numberRun(kind, input.index, 2));
          return continueWith({ type: "step.3", input });
        },
        "step.3": async ({ job: { input }, continueWith }) => {
          onRun(numberRun(kind, input.index, 3));
          return continueWith({ type: "step.4", input });
        },
        "step.4": async ({ job }) => onRun(numberRun(kind, job.input.index, stepCount - 1)),
        child: async ({ job }) => onRun(numberRun(kind, job.input.index, job.input.position)),
        parent: async ({ job }) => onRun(numberRun(kind, job.input.index, childCount)),
      },
    });
    await worker.start();
    return {
      async stop() {
        await worker.stop();
        await connection.close();
      },
    };
  },

  async remove() {},
});

function createProducer({ pool, client, close }: Connection): Producer {
  const startMany: Readonly<Record<JobKind, (inputs: readonly JobInput[]) => Promise<unknown>>> = {
    plain: async (inputs) => startAll(inputs.map((input) => ({ type: "plain" as const, input }))),
    writing: async (inputs) =>
      startAll(inputs.map((input) => ({ type: "writing" as const, input }))),
    chain: async (inputs) => startAll(inputs.map((input) => ({ type: "step.0" as const, input }))),
    fan: async (inputs) => startFans(client, inputs),
  };
  const startAll = async (
    chains: { type: "plain" | "writing" | "step.0"; input: JobInput }[],
  ): Promise<unknown> => client.startChains({ tx: "autocommit", chains });
  return {
    async startOne(input) {
      await client.startChain({ tx: "autocommit", type: "plain", input });
    },
    async startMany(kind, inputs) {
      await startMany[kind](inputs);
    },
    countOpen: async () =>
      countRows(pool, "queuert.job", "status IN ('blocked', 'scheduled', 'ready', 'running')"),
    close,
  };
}

/** All or none: the children, and with them the parents that wait for them. */
async function startFans(client: BenchClient, inputs: readonly JobInput[]): Promise<void> {
  await client.transaction(async (tx) => {
    const children = await client.startChains({
      tx,
      chains: inputs.flatMap(({ index }) =>
        Array.from({ length: childCount }, (_, position) => ({
          type: "child" as const,
          input: { index, position },
        })),
      ),
    });
    await client.startChains({
      tx,
      chains: inputs.map(({ index }, ordinal) => ({
        type: "parent" as const,
        input: createInput(index),
        blockers: { children: children.slice(ordinal * childCount, (ordinal + 1) * childCount) },
      })),
    });
  });
}
