import { openTestServer, type TestServer } from "@queuert/testkit/postgres";
import pg from "pg";
import { createClient, createWorker, defineJobTypes, type EmittedEvent } from "queuert";
import { afterAll, beforeAll, expect, test } from "vitest";

import { createPostgresStateAdapter } from "./create-postgres-state-adapter.ts";
import { createNodePostgresProvider } from "./providers/node-postgres.ts";

const jobTypes = defineJobTypes<{ work: { entry: true; output: string } }>();

let server: TestServer;

beforeAll(async () => {
  server = await openTestServer();
});

afterAll(async () => {
  await server.dispose();
});

test("A12 B3: a server that crashes in the middle of a job takes the job's lock from nobody: it ends once, by the worker that has it", async () => {
  const pool = new pg.Pool({ connectionString: server.url, max: 5 });
  pool.on("error", () => undefined);
  await pool.query("CREATE TABLE ledger (attempt integer)");
  const state = createPostgresStateAdapter({ provider: createNodePostgresProvider({ pool }) });
  await state.migrate();
  const told: EmittedEvent[] = [];
  const client = await createClient({
    jobTypes,
    state,
    events: [(events) => void told.push(...events)],
  });
  let arrive!: () => void;
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  let goOn!: () => void;
  const mayGoOn = new Promise<void>((resolve) => (goOn = resolve));
  const worker = createWorker(client, {
    pollIntervalMs: 50,
    handlers: {
      work: async ({ job, commit }) => {
        arrive();
        await mayGoOn;
        return commit(async (tx) => {
          await tx.query("INSERT INTO ledger VALUES ($1)", [job.attempt]);
          return `attempt ${job.attempt}`;
        });
      },
    },
  });
  await worker.start();
  const chain = await client.startChain({ tx: "autocommit", type: "work" });
  await arrived;
  await server.stop("immediate");
  // A start that meets the outage throws, and nothing of it is left.
  await expect(client.startChain({ tx: "autocommit", type: "work" })).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
  });
  await server.start();
  goOn();
  const done = await client.awaitChain({ chain, pollIntervalMs: 50 });
  const { rows } = await pool.query<{ attempt: number }>("SELECT attempt FROM ledger");
  expect(rows).toHaveLength(1);
  expect(done.output).toBe(`attempt ${rows[0]!.attempt}`);
  expect((await client.inspect.countChains()).count).toBe(1);
  // However often it was tried: one line for an outage.
  expect(told.filter(({ name }) => name === "store.unavailable").length).toBeLessThanOrEqual(1);
  await worker.stop();
  await client.close();
  await pool.end();
});
