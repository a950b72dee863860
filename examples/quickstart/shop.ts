// The shop's own tables and statements. None of them knows of jobs, and no constraint keeps a handler from writing twice:
// that everything here is written exactly once is the doing of the transactions that it is written in.
import type { Card } from "./bank.ts";
import { query, type Transaction } from "./sql.ts";

export type Product = "lamp" | "desk" | "vase";

export const priceCents: Readonly<Record<Product, number>> = {
  lamp: 4_000,
  desk: 60_000,
  vase: 2_500,
};

export interface NewOrder {
  readonly id: string;
  readonly product: Product;
  readonly count: number;
  readonly card: Card;
}

export interface Order extends NewOrder {
  readonly cents: number;
  readonly status: "placed" | "reserved" | "paid" | "shipped" | "rejected";
}

export async function createTables(tx: Transaction): Promise<void> {
  const tables = [
    "runs (id INTEGER PRIMARY KEY)",
    "orders (id TEXT PRIMARY KEY, product TEXT, count INTEGER, card TEXT, cents INTEGER, status TEXT)",
    "deliveries (product TEXT, count INTEGER)",
    "stock (product TEXT PRIMARY KEY, count INTEGER)",
    "reservations (order_id TEXT, product TEXT, count INTEGER)",
    "approvals (order_id TEXT, approved_by TEXT)",
    "ledger (order_id TEXT, cents INTEGER, receipt TEXT, charged_by TEXT)",
    "parcels (order_id TEXT, parcel INTEGER, tracking_id TEXT)",
  ];
  for (const table of tables) await query(tx, `CREATE TABLE IF NOT EXISTS ${table}`);
}

/** @returns The number of the run: ids of orders begin with it, so that every run on a database has its own. */
export async function insertRun(tx: Transaction): Promise<number> {
  const [run] = await query<{ id: number }>(
    tx,
    "INSERT INTO runs (id) SELECT coalesce(max(id), 0) + 1 FROM runs RETURNING id",
  );
  return run!.id;
}

export async function receiveDelivery(
  tx: Transaction,
  product: Product,
  count: number,
): Promise<void> {
  await query(tx, "INSERT INTO deliveries (product, count) VALUES (?, ?)", [product, count]);
  await query(
    tx,
    `INSERT INTO stock (product, count) VALUES (?, ?)
     ON CONFLICT (product) DO UPDATE SET count = stock.count + excluded.count`,
    [product, count],
  );
}

export async function insertOrder(
  tx: Transaction,
  { id, product, count, card }: NewOrder,
): Promise<void> {
  await query(
    tx,
    "INSERT INTO orders (id, product, count, card, cents, status) VALUES (?, ?, ?, ?, ?, 'placed')",
    [id, product, count, card, count * priceCents[product]],
  );
}

/** @returns `undefined` when there is no such order. */
export async function readOrder(tx: Transaction, orderId: string): Promise<Order | undefined> {
  const [order] = await query<Order>(tx, "SELECT * FROM orders WHERE id = ?", [orderId]);
  return order;
}

export async function getOrder(tx: Transaction, orderId: string): Promise<Order> {
  const order = await readOrder(tx, orderId);
  if (order === undefined) throw new Error(`There is no order "${orderId}".`);
  return order;
}

/** Takes what the order asks for out of the stock. @returns The order, or `undefined` when there is not enough. */
export async function reserveStock(tx: Transaction, orderId: string): Promise<Order | undefined> {
  const order = await getOrder(tx, orderId);
  const { product, count } = order;
  const [taken] = await query(
    tx,
    "UPDATE stock SET count = count - ? WHERE product = ? AND count >= ? RETURNING product",
    [count, product, count],
  );
  if (taken === undefined) return undefined;
  await query(tx, "INSERT INTO reservations (order_id, product, count) VALUES (?, ?, ?)", [
    orderId,
    product,
    count,
  ]);
  await setStatus(tx, orderId, "reserved");
  return order;
}

export async function insertApproval(
  tx: Transaction,
  orderId: string,
  approvedBy: string,
): Promise<void> {
  await query(tx, "INSERT INTO approvals (order_id, approved_by) VALUES (?, ?)", [
    orderId,
    approvedBy,
  ]);
}

export async function replaceCard(tx: Transaction, orderId: string, card: Card): Promise<void> {
  await query(tx, "UPDATE orders SET card = ? WHERE id = ?", [card, orderId]);
}

export interface LedgerEntry {
  readonly orderId: string;
  readonly cents: number;
  readonly receipt: string;
  /** The name of the process. */
  readonly chargedBy: string;
}

export async function recordCharge(tx: Transaction, entry: LedgerEntry): Promise<void> {
  const { orderId, cents, receipt, chargedBy } = entry;
  await query(tx, "INSERT INTO ledger (order_id, cents, receipt, charged_by) VALUES (?, ?, ?, ?)", [
    orderId,
    cents,
    receipt,
    chargedBy,
  ]);
  await setStatus(tx, orderId, "paid");
}

export async function insertParcel(
  tx: Transaction,
  parcel: { readonly orderId: string; readonly parcel: number; readonly trackingId: string },
): Promise<void> {
  await query(tx, "INSERT INTO parcels (order_id, parcel, tracking_id) VALUES (?, ?, ?)", [
    parcel.orderId,
    parcel.parcel,
    parcel.trackingId,
  ]);
}

export async function setStatus(
  tx: Transaction,
  orderId: string,
  status: Order["status"],
): Promise<void> {
  await query(tx, "UPDATE orders SET status = ? WHERE id = ?", [status, orderId]);
}

export interface OrderCounts {
  readonly runs: number;
  readonly orders: number;
  readonly shipped: number;
  readonly rejected: number;
}

export async function countOrders(tx: Transaction): Promise<OrderCounts> {
  const [counts] = await query<OrderCounts>(
    tx,
    `SELECT (SELECT count(*) FROM runs) AS runs, count(*) AS orders,
      count(*) FILTER (WHERE status = 'shipped') AS shipped,
      count(*) FILTER (WHERE status = 'rejected') AS rejected
    FROM orders`,
  );
  return counts!;
}
