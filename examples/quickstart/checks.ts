// What has to be true of a run, and of the whole file: asked of the tables, not of what was told on the way.
import type { Inspect, JobSummary } from "queuert";

import { formatCents } from "./output.ts";
import type { PlacedOrder, SceneName } from "./scenes.ts";
import type { ShopClient } from "./shop-client.ts";
import { readOrder } from "./shop.ts";
import { query, queryNumber, type Transaction } from "./sql.ts";

export interface Check {
  readonly isTrue: boolean;
  readonly text: string;
}

/** What this run was to show. */
export async function checkRun(
  client: ShopClient,
  placed: readonly PlacedOrder[],
): Promise<Check[]> {
  const orderOf = (scene: SceneName): PlacedOrder => {
    const found = placed.find((order) => order.scene === scene);
    if (found === undefined) throw new Error(`No order shows "${scene}".`);
    return found;
  };
  return [
    await checkRollBack(client, orderOf("paperJam")),
    await checkCharge(client, orderOf("busyBank"), "retried"),
    await checkCharge(client, orderOf("declinedCard"), "failed"),
    await checkCharge(client, orderOf("killedWorker"), "lost"),
    await checkApproval(client, orderOf("bigOrder")),
    await checkParcels(client, orderOf("manyParcels")),
  ];
}

async function checkRollBack(client: ShopClient, { orderId, chain }: PlacedOrder): Promise<Check> {
  const order = await client.transaction(async (tx) => readOrder(tx, orderId));
  const found = await client.getChain({ chain });
  return {
    isTrue: order === undefined && found === undefined,
    text: `${orderId} was rolled back: there is no row and no chain`,
  };
}

/** The charge ended as expected before it succeeded, every attempt was counted, and the money was taken once. */
async function checkCharge(
  client: ShopClient,
  { orderId, chain }: PlacedOrder,
  expected: "retried" | "lost" | "failed",
): Promise<Check> {
  const job = await findJob(client.inspect, chain.id, "order.charge");
  const attempts = await client.inspect.listAttempts({ jobId: job.jobId });
  const outcomes = attempts.map(({ outcome }) => outcome);
  // A redrive gives all attempts anew: the count begins again after a failure.
  const countedBefore = outcomes.length - (outcomes.lastIndexOf("failed") + 1);
  // What one worker lost, another has finished.
  const isTakenOver = attempts.every(
    ({ outcome, workerId }) => outcome !== "lost" || workerId !== job.completedBy,
  );
  const entries = await client.transaction(async (tx) =>
    query(tx, "SELECT charged_by FROM ledger WHERE order_id = ?", [orderId]),
  );
  return {
    isTrue:
      outcomes.includes(expected) &&
      job.attempt === countedBefore + 1 &&
      isTakenOver &&
      entries.length === 1,
    text: `${orderId} was charged once, by ${String(entries[0]?.["charged_by"])} on attempt ${job.attempt}; before that: ${outcomes.join(", ")}`,
  };
}

async function checkApproval(client: ShopClient, { orderId, chain }: PlacedOrder): Promise<Check> {
  const job = await findJob(client.inspect, chain.id, "order.approve");
  const approvals = await client.transaction(async (tx) =>
    query(tx, "SELECT approved_by FROM approvals WHERE order_id = ?", [orderId]),
  );
  return {
    isTrue: job.status === "continued" && job.completedBy === null && approvals.length === 1,
    text: `${orderId} was approved by ${String(approvals[0]?.["approved_by"])}, and by no worker`,
  };
}

/** The closing job read what each chain that it waited for had given. */
async function checkParcels(client: ShopClient, { orderId, chain }: PlacedOrder): Promise<Check> {
  const snapshot = await client.getChain({ chain });
  const output = snapshot?.status === "completed" ? snapshot.output : undefined;
  const trackingIds = output?.result === "shipped" ? output.trackingIds : [];
  return {
    isTrue: trackingIds.join() === [1, 2, 3].map((parcel) => `T-${orderId}-${parcel}`).join(),
    text: `${orderId} was closed after its parcels ${trackingIds.join(", ")}`,
  };
}

async function findJob(inspect: Inspect, chainId: string, type: string): Promise<JobSummary> {
  const { jobs } = await inspect.listJobs({ chainId, types: [type] });
  const [job] = jobs;
  if (job === undefined) throw new Error(`The chain "${chainId}" has no job "${type}".`);
  return job;
}

/** What adds up over all runs, finished or interrupted. */
export async function checkFile(client: ShopClient): Promise<Check[]> {
  const { count: chainCount } = await client.inspect.countChains({ types: ["order.reserve"] });
  return client.transaction(async (tx) => [
    await checkOrders(tx, chainCount),
    await checkMoney(tx),
    await checkStock(tx),
    await checkDeliveries(tx),
  ]);
}

async function checkOrders(tx: Transaction, chainCount: number): Promise<Check> {
  const orderCount = await queryNumber(tx, "SELECT count(*) FROM orders");
  return {
    isTrue: orderCount === chainCount,
    text: `orders ${orderCount} = order chains ${chainCount}`,
  };
}

async function checkMoney(tx: Transaction): Promise<Check> {
  const charged = await queryNumber(tx, "SELECT coalesce(sum(cents), 0) FROM ledger");
  const due = await queryNumber(
    tx,
    "SELECT coalesce(sum(cents), 0) FROM orders WHERE status IN ('paid', 'shipped')",
  );
  const doubleCount = await queryNumber(
    tx,
    "SELECT count(*) FROM (SELECT 1 FROM ledger GROUP BY order_id HAVING count(*) > 1) AS doubled",
  );
  return {
    isTrue: charged === due && doubleCount === 0,
    text: `money charged ${formatCents(charged)} = price of orders paid or shipped ${formatCents(due)}; charged twice: ${doubleCount}`,
  };
}

async function checkStock(tx: Transaction): Promise<Check> {
  const delivered = await queryNumber(tx, "SELECT coalesce(sum(count), 0) FROM deliveries");
  const reserved = await queryNumber(tx, "SELECT coalesce(sum(count), 0) FROM reservations");
  const left = await queryNumber(tx, "SELECT coalesce(sum(count), 0) FROM stock");
  const doubleCount = await queryNumber(
    tx,
    "SELECT count(*) FROM (SELECT 1 FROM reservations GROUP BY order_id HAVING count(*) > 1) AS doubled",
  );
  return {
    isTrue: delivered - reserved === left && doubleCount === 0,
    text: `stock delivered ${delivered} - reserved ${reserved} = left ${left}; reserved twice: ${doubleCount}`,
  };
}

async function checkDeliveries(tx: Transaction): Promise<Check> {
  const ordered = await queryNumber(
    tx,
    "SELECT coalesce(sum(count), 0) FROM orders WHERE status = 'shipped'",
  );
  const parcelCount = await queryNumber(
    tx,
    "SELECT count(*) FROM parcels JOIN orders ON orders.id = order_id WHERE status = 'shipped'",
  );
  return {
    isTrue: ordered === parcelCount,
    text: `pieces of shipped orders ${ordered} = their parcels ${parcelCount}`,
  };
}
