// Orders and their jobs in one PostgreSQL database, with node-postgres: `node main.ts`. DATABASE_URL names the database.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { createPostgresNotifyAdapter, createPostgresStateAdapter } from "@queuert/postgres";
import {
  createNodePostgresListener,
  createNodePostgresProvider,
} from "@queuert/postgres/node-postgres";
import pg from "pg";
import { createClient, createWorker, defineJobTypes, json } from "queuert";

const pool = new pg.Pool({
  connectionString: process.env["DATABASE_URL"] ?? "postgres://postgres@127.0.0.1/postgres",
});
// An idle connection that the server ends has nobody else to tell.
pool.on("error", (error) => console.error(error.message));
await pool.query(
  "CREATE TABLE IF NOT EXISTS orders (id text PRIMARY KEY, cents integer NOT NULL, receipt text)",
);

const jobTypes = defineJobTypes({
  "order.charge": {
    entry: true,
    input: json<{ orderId: string }>(),
    output: json<{ receipt: string }>(),
  },
});

const state = createPostgresStateAdapter({ provider: createNodePostgresProvider({ pool }) });
// Wakes the workers of other processes; each hears on a connection of its own.
const notify = createPostgresNotifyAdapter({
  state,
  listener: createNodePostgresListener({ pool }),
});
await state.migrate();
const client = await createClient({ jobTypes, state, notify });

async function insertOrder(tx: pg.PoolClient): Promise<string> {
  const id = randomUUID();
  await tx.query("INSERT INTO orders (id, cents) VALUES ($1, 4000)", [id]);
  return id;
}

const worker = createWorker(client, {
  handlers: {
    // The receipt, and that the job is done, are written together or not at all.
    "order.charge": async ({ job, commit }) =>
      commit(async (tx) => {
        const { orderId } = job.input;
        const receipt = `receipt of ${orderId}`;
        await tx.query("UPDATE orders SET receipt = $2 WHERE id = $1", [orderId, receipt]);
        return { receipt };
      }),
  },
});
await worker.start();

// A transaction of node-postgres, opened by the client: the order and its chain commit together.
const first = await client.transaction(async (tx) =>
  client.startChain({ tx, type: "order.charge", input: { orderId: await insertOrder(tx) } }),
);

// The same in a transaction of your own. The hooks wake the worker after its commit; without them it would poll.
const second = await client.withTransactionHooks(async (hooks) =>
  inTransaction(async (tx) =>
    client.startChain({
      tx,
      hooks,
      type: "order.charge",
      input: { orderId: await insertOrder(tx) },
    }),
  ),
);

// What throws leaves neither an order nor a chain.
const rolledBack = client.transaction(async (tx) => {
  await client.startChain({ tx, type: "order.charge", input: { orderId: await insertOrder(tx) } });
  throw new Error("out of paper");
});
await assert.rejects(rolledBack, /out of paper/);

for (const chain of [first, second]) {
  const { output } = await client.awaitChain({ chain, timeoutMs: 20_000 });
  console.log(output.receipt);
}
await worker.stop();

const { rows: orders } = await pool.query<{ receipt: string | null }>("SELECT receipt FROM orders");
const { count: chainCount } = await client.inspect.countChains({ types: ["order.charge"] });
assert.equal(orders.length, chainCount);
assert.ok(orders.every(({ receipt }) => receipt !== null));
console.log(`${chainCount} orders, each with its chain and its receipt`);

await client.close();
await notify.close();
await state.close();
await pool.end();

async function inTransaction<TResult>(
  run: (tx: pg.PoolClient) => Promise<TResult>,
): Promise<TResult> {
  const tx = await pool.connect();
  try {
    await tx.query("BEGIN");
    const result = await run(tx);
    await tx.query("COMMIT");
    return result;
  } catch (error) {
    await tx.query("ROLLBACK");
    throw error;
  } finally {
    tx.release();
  }
}
