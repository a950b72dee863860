import { DBOS, DBOSClient, type DLogger } from "@dbos-inc/dbos-sdk";
import pg from "pg";

import {
  childCount,
  numberRun,
  stepCount,
  type JobInput,
  type JobKind,
  type OpenSystem,
} from "../system.ts";
import { countRows } from "./count-rows.ts";

const name = "bench";
const queueName = "jobs";
/** Parents only wait: they must not take the places that their children need. */
const parentQueueName = "parents";
const applicationVersion = "1";

const workflowOf: Readonly<Record<JobKind, string>> = {
  plain: "plain",
  writing: "plain",
  chain: "chain",
  fan: "parent",
};

const logger: DLogger = {
  info() {},
  debug() {},
  warn() {},
  error: (error) => console.error(error),
};

/** How many starts are under way at once: there is no call that takes many. */
const startConcurrency = 20;

export const open: OpenSystem = ({ url }) => ({
  async install() {
    await DBOS.migrate(url);
  },

  async openProducer() {
    const client = await DBOSClient.create({
      systemDatabaseUrl: url,
      systemDatabasePoolSize: startConcurrency,
      applicationName: name,
      logger,
    });
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    const enqueue = async (kind: JobKind, input: JobInput): Promise<unknown> =>
      client.enqueue(
        {
          queueName: kind === "fan" ? parentQueueName : queueName,
          workflowName: workflowOf[kind],
          appVersion: applicationVersion,
        },
        input,
      );
    return {
      async startOne(input) {
        await enqueue("plain", input);
      },
      async startMany(kind, inputs) {
        const left = inputs.values();
        const lane = async (): Promise<void> => {
          for (const input of left) await enqueue(kind, input);
        };
        await Promise.all(Array.from({ length: startConcurrency }, lane));
      },
      countOpen: async () =>
        countRows(pool, "dbos.workflow_status", "status IN ('ENQUEUED', 'PENDING')"),
      async close() {
        await client.destroy();
        await pool.end();
      },
    };
  },

  async startWorker({ kind, concurrency, onRun }) {
    const noteRun = (index: number, position: number): void =>
      onRun(numberRun(kind, index, position));
    DBOS.registerWorkflow(async ({ index }: JobInput) => noteRun(index, 0), { name: "plain" });
    DBOS.registerWorkflow(
      async ({ index }: JobInput) => {
        for (let step = 0; step < stepCount; step++)
          await DBOS.runStep(async () => noteRun(index, step), { name: `step.${step}` });
      },
      { name: "chain" },
    );
    const child = DBOS.registerWorkflow(
      async (index: number, position: number) => noteRun(index, position),
      { name: "child" },
    );
    DBOS.registerWorkflow(
      async ({ index }: JobInput) => {
        const children = [];
        for (let position = 0; position < childCount; position++)
          children.push(await DBOS.startWorkflow(child, { queueName })(index, position));
        for (const started of children) await started.getResult();
        noteRun(index, childCount);
      },
      { name: "parent" },
    );
    DBOS.setConfig({
      name,
      systemDatabaseUrl: url,
      systemDatabasePoolSize: 20,
      applicationVersion,
      logger,
      runMigrations: false,
    });
    await DBOS.launch();
    const pace = { minPollingIntervalMs: 10, onConflict: "always_update" } as const;
    await DBOS.registerQueue(queueName, { ...pace, workerConcurrency: concurrency });
    await DBOS.registerQueue(parentQueueName, { ...pace, workerConcurrency: 200 });
    return { stop: async () => DBOS.shutdown() };
  },

  async remove() {},
});
