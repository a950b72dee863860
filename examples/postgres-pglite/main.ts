// Orders and their jobs in one PostgreSQL inside of the process, with PGlite: `node main.ts [FOLDER]`. Without a folder it is in memory.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { PGlite, type Transaction } from "@electric-sql/pglite";
import { createPostgresStateAdapter } from "@queuert/postgres";
import { createPgliteProvider } from "@queuert/postgres/pglite";
import {
  createClient,
  createMemoryNotifyAdapter,
  createWorker,
  defineJobTypes,
  json,
} from "queuert";

const [folder] = process.argv.slice(2);
const db = await PGlite.create(folder === undefined ? {} : { dataDir: folder });
await db.exec(
  "CREATE TABLE IF NOT EXISTS orders (id text PRIMARY KEY, cents integer NOT NULL, receipt text)",
);

const jobTypes = defineJobTypes({
  "order.charge": {
    entry: true,
    input: json<{ orderId: string }>(),
    output: json<{ receipt: string }>(),
  },
});

const state = createPostgresStateAdapter({ provider: createPgliteProvider({ db }) });
// Wakes the worker of this process. Those of others: see createPostgresNotifyAdapter.
const notify = createMemoryNotifyAdapter();
await state.migrate();
const client = await createClient({ jobTypes, state, notify });

async function insertOrder(tx: Transaction): Promise<string> {
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

// A transaction of PGlite, opened by the client: the order and its chain commit together.
const first = await client.transaction(async (tx) =>
  client.startChain({ tx, type: "order.charge", input: { orderId: await insertOrder(tx) } }),
);

// The same in a transaction of your own. The hooks wake the worker after its commit; without them it would poll.
const second = await client.withTransactionHooks(async (hooks) =>
  db.transaction(async (tx) =>
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

const { rows: orders } = await db.query<{ receipt: string | null }>("SELECT receipt FROM orders");
const { count: chainCount } = await client.inspect.countChains({ types: ["order.charge"] });
assert.equal(orders.length, chainCount);
assert.ok(orders.every(({ receipt }) => receipt !== null));
console.log(`${chainCount} orders, each with its chain and its receipt`);

await client.close();
await state.close();
await db.close();
