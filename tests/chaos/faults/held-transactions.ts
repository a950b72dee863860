import { setTimeout as wait } from "node:timers/promises";

import type { Transaction } from "../databases/sql.ts";
import { isFaultError } from "../processes/surprise.ts";
import { recordStarts } from "../workload/ledger.ts";
import type { Fault, FaultScope } from "./fault.ts";

/** A user keeps a transaction open that waits for chains at work, and so holds their roots: what settles them has to go round it. */
export const holdRoots: Fault = {
  everyMs: [100, 600],
  async strike(scope) {
    const { random, client, database, count } = scope;
    const isHeldLong = database.adapter === "postgres";
    const orderIds = await findOpenOrders(scope);
    if (orderIds.length === 0) return;
    const rollback = new Error("The held transaction rolls back.");
    try {
      await client.transaction(async (tx) => {
        await startBundle(tx, scope, orderIds);
        count("roots held", orderIds.length);
        await wait(isHeldLong ? random.between(200, 2_500) : random.between(100, 800));
        if (random.isTrue(0.5)) throw rollback;
      });
    } catch (error) {
      if (error !== rollback && !isFaultError(error)) throw error;
    }
  },
};

/** Somebody's report reads for as long as the run: what has died since then cannot be cleared away. */
export const holdSnapshot: Fault = {
  everyMs: [0, 200],
  async strike({ random, own, leftMs, count }) {
    count("snapshot held");
    await own.state.transaction(async (tx) => {
      if (!("query" in tx)) return;
      // With an id of its own, so that it stands in the way of others' clean-up as a writer does.
      await tx.query("SELECT txid_current()");
      await wait(Math.min(random.between(3_000, 30_000), Math.max(0, leftMs())));
    });
  },
};

async function findOpenOrders({ random, database }: FaultScope): Promise<readonly string[]> {
  const rows = await database.query<{ chain_id: string }>(
    `SELECT root.chain_id FROM {job} AS root JOIN chaos_chain AS started ON started.chain_id = root.chain_id
     WHERE root.chain_index = 0 AND root.chain_status = 'open' AND root.type = 'order.place'
       AND started.plan NOT LIKE '%"isDoomed":true%' LIMIT ${random.between(1, 10)}`,
  );
  return rows.map((row) => row.chain_id);
}

async function startBundle(
  tx: Transaction,
  { client }: FaultScope,
  orderIds: readonly string[],
): Promise<void> {
  const plan = { orders: orderIds.length };
  const { id } = await client.startChain({
    tx,
    type: "bundle.close",
    input: plan,
    blockers: {
      orders: orderIds.map((chainId) => ({ id: chainId, type: "order.place" as const })),
    },
  });
  await recordStarts(tx, [{ chainId: id, started: { kind: "bundle", plan } }]);
}
