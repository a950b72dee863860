// Orders and their jobs in one PostgreSQL database, with Drizzle on postgres.js: `node main.ts`. DATABASE_URL names the database.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { createPostgresStateAdapter } from "@queuert/postgres";
import { createDrizzleProvider } from "@queuert/postgres/drizzle";
import { eq, sql } from "drizzle-orm";
import { integer, pgTable, text } from "drizzle-orm/pg-core";
import { drizzle } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import {
  createClient,
  createMemoryNotifyAdapter,
  createWorker,
  defineJobTypes,
  json,
} from "queuert";

const orders = pgTable("orders", {
  id: text().primaryKey(),
  cents: integer().notNull(),
  receipt: text(),
});
const connections = postgres(
  process.env["DATABASE_URL"] ?? "postgres://postgres@127.0.0.1/postgres",
  {
    onnotice: () => undefined,
  },
);
const db = drizzle(connections, { schema: { orders } });
type Transaction = Parameters<Parameters<typeof db.transaction>[0]>[0];
await db.execute(
  sql`CREATE TABLE IF NOT EXISTS orders (id text PRIMARY KEY, cents integer NOT NULL, receipt text)`,
);

const jobTypes = defineJobTypes({
  "order.charge": {
    entry: true,
    input: json<{ orderId: string }>(),
    output: json<{ receipt: string }>(),
  },
});

const state = createPostgresStateAdapter({ provider: createDrizzleProvider({ db }) });
// Wakes the worker of this process. Those of others: see createPostgresNotifyAdapter.
const notify = createMemoryNotifyAdapter();
await state.migrate();
const client = await createClient({ jobTypes, state, notify });

async function insertOrder(tx: Transaction): Promise<string> {
  const id = randomUUID();
  await tx.insert(orders).values({ id, cents: 4_000 });
  return id;
}

const worker = createWorker(client, {
  handlers: {
    // The receipt, and that the job is done, are written together or not at all.
    "order.charge": async ({ job, commit }) =>
      commit(async (tx) => {
        const { orderId } = job.input;
        const receipt = `receipt of ${orderId}`;
        await tx.update(orders).set({ receipt }).where(eq(orders.id, orderId));
        return { receipt };
      }),
  },
});
await worker.start();

// A transaction of Drizzle on postgres.js, opened by the client: the order and its chain commit together.
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

const placed = await db.select().from(orders);
const { count: chainCount } = await client.inspect.countChains({ types: ["order.charge"] });
assert.equal(placed.length, chainCount);
assert.ok(placed.every(({ receipt }) => receipt !== null));
console.log(`${chainCount} orders, each with its chain and its receipt`);

await client.close();
await state.close();
await connections.end();
