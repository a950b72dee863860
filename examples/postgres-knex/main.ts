// Orders and their jobs in one PostgreSQL database, with Knex: `node main.ts`. DATABASE_URL names the database.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { createPostgresStateAdapter } from "@queuert/postgres";
import { createKnexProvider } from "@queuert/postgres/knex";
import createKnex, { type Knex } from "knex";
import {
  createClient,
  createMemoryNotifyAdapter,
  createWorker,
  defineJobTypes,
  json,
} from "queuert";

interface Order {
  id: string;
  cents: number;
  receipt: string | null;
}

const knex = createKnex({
  client: "pg",
  connection: process.env["DATABASE_URL"] ?? "postgres://postgres@127.0.0.1/postgres",
});
await knex.raw(
  "CREATE TABLE IF NOT EXISTS orders (id text PRIMARY KEY, cents integer NOT NULL, receipt text)",
);

const jobTypes = defineJobTypes({
  "order.charge": {
    entry: true,
    input: json<{ orderId: string }>(),
    output: json<{ receipt: string }>(),
  },
});

const state = createPostgresStateAdapter({ provider: createKnexProvider({ knex }) });
// Wakes the worker of this process. Those of others: see createPostgresNotifyAdapter.
const notify = createMemoryNotifyAdapter();
await state.migrate();
const client = await createClient({ jobTypes, state, notify });

async function insertOrder(tx: Knex.Transaction): Promise<string> {
  const id = randomUUID();
  await tx<Order>("orders").insert({ id, cents: 4_000 });
  return id;
}

const worker = createWorker(client, {
  handlers: {
    // The receipt, and that the job is done, are written together or not at all.
    "order.charge": async ({ job, commit }) =>
      commit(async (tx) => {
        const { orderId } = job.input;
        const receipt = `receipt of ${orderId}`;
        await tx<Order>("orders").where({ id: orderId }).update({ receipt });
        return { receipt };
      }),
  },
});
await worker.start();

// A transaction of Knex, opened by the client: the order and its chain commit together.
const first = await client.transaction(async (tx) =>
  client.startChain({ tx, type: "order.charge", input: { orderId: await insertOrder(tx) } }),
);

// The same in a transaction of your own. The hooks wake the worker after its commit; without them it would poll.
const second = await client.withTransactionHooks(async (hooks) =>
  knex.transaction(async (tx) =>
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

const orders = await knex<Order>("orders").select("receipt");
const { count: chainCount } = await client.inspect.countChains({ types: ["order.charge"] });
assert.equal(orders.length, chainCount);
assert.ok(orders.every(({ receipt }) => receipt !== null));
console.log(`${chainCount} orders, each with its chain and its receipt`);

await client.close();
await state.close();
await knex.destroy();
