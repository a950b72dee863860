import { createTestName, findMainServerUrl } from "@queuert/testkit/postgres";
import pg from "pg";
import { createClient, createWorker, defineJobTypes } from "queuert";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { createPostgresStateAdapter } from "./create-postgres-state-adapter.ts";
import { createMeeting } from "./meeting.fixture.ts";
import { createNodePostgresProvider } from "./providers/node-postgres.ts";

// Trap C4: a pool that is smaller than the worker's slots makes things wait, and stops nothing.

const jobTypes = defineJobTypes<{ work: { entry: true; output: number } }>();

describe.each([1, 2])("a pool of %i, and a worker with ten slots", (max) => {
  let pool: pg.Pool;
  let schema: string;

  beforeEach(async () => {
    schema = createTestName();
    pool = new pg.Pool({ connectionString: await findMainServerUrl(), max });
  });

  afterEach(async () => {
    await pool.query(`DROP SCHEMA ${schema} CASCADE`);
    await pool.end();
  });

  async function openClient() {
    const state = createPostgresStateAdapter({
      provider: createNodePostgresProvider({ pool }),
      schema,
    });
    await state.migrate();
    return createClient({ jobTypes, state });
  }

  test("C4: jobs that commit with writes of their own all end", async () => {
    const client = await openClient();
    const worker = createWorker(client, {
      concurrency: 10,
      pollIntervalMs: 20,
      handlers: {
        work: async ({ commit }) =>
          commit(async (tx) => (await tx.query<{ n: number }>("SELECT 1 AS n")).rows[0]!.n),
      },
    });
    await worker.start();
    const chains = await Promise.all(
      Array.from({ length: 30 }, () => client.startChain({ tx: "autocommit", type: "work" })),
    );
    const ends = await Promise.all(
      chains.map((chain) => client.awaitChain({ chain, pollIntervalMs: 50 })),
    );
    expect(ends.map(({ output }) => output)).toEqual(Array.from({ length: 30 }, () => 1));
    await worker.stop();
    await client.close();
  });

  test("C4 C5: a call that would wait for its own transaction is refused, and the transaction goes on", async () => {
    const client = await openClient();
    const arriveAndMeet = createMeeting(max);
    const started = await Promise.all(
      Array.from({ length: max }, async () =>
        client.transaction(async (tx) => {
          await arriveAndMeet();
          await expect(client.startChain({ tx: "autocommit", type: "work" })).rejects.toMatchObject(
            { code: "TRANSACTION_NESTED" },
          );
          return client.startChain({ tx, type: "work" });
        }),
      ),
    );
    expect((await client.inspect.countChains()).count).toBe(started.length);
    await client.close();
  });
});
