// The shop's own tables and statements. None of them knows of jobs, and no constraint keeps a handler from writing twice:
// that everything here is written exactly once is the doing of the transactions that it is written in.
import type { Card } from "./bank.ts";
import type { Transaction } from "./database.ts";

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

export function createTables(tx: Transaction): void {
  tx.exec(`
    CREATE TABLE IF NOT EXISTS runs (id INTEGER PRIMARY KEY);
    CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, product TEXT, count INTEGER, card TEXT, cents INTEGER, status TEXT);
    CREATE TABLE IF NOT EXISTS deliveries (product TEXT, count INTEGER);
    CREATE TABLE IF NOT EXISTS stock (product TEXT PRIMARY KEY, count INTEGER);
    CREATE TABLE IF NOT EXISTS reservations (order_id TEXT, product TEXT, count INTEGER);
    CREATE TABLE IF NOT EXISTS approvals (order_id TEXT, approved_by TEXT);
    CREATE TABLE IF NOT EXISTS ledger (order_id TEXT, cents INTEGER, receipt TEXT, charged_by TEXT);
    CREATE TABLE IF NOT EXISTS parcels (order_id TEXT, parcel INTEGER, tracking_id TEXT);
  `);
}

/** @returns The number of the run: ids of orders begin with it, so that every run on a file has its own. */
export function insertRun(tx: Transaction): number {
  return Number(tx.prepare("INSERT INTO runs DEFAULT VALUES").run().lastInsertRowid);
}

export function receiveDelivery(tx: Transaction, product: Product, count: number): void {
  tx.prepare("INSERT INTO deliveries (product, count) VALUES (?, ?)").run(product, count);
  tx.prepare(
    `INSERT INTO stock (product, count) VALUES (?, ?)
     ON CONFLICT (product) DO UPDATE SET count = count + excluded.count`,
  ).run(product, count);
}

export function insertOrder(tx: Transaction, { id, product, count, card }: NewOrder): void {
  tx.prepare(
    "INSERT INTO orders (id, product, count, card, cents, status) VALUES (?, ?, ?, ?, ?, 'placed')",
  ).run(id, product, count, card, count * priceCents[product]);
}

/** @returns `undefined` when there is no such order. */
export function readOrder(tx: Transaction, orderId: string): Order | undefined {
  return tx.prepare("SELECT * FROM orders WHERE id = ?").get(orderId) as Order | undefined;
}

export function getOrder(tx: Transaction, orderId: string): Order {
  const order = readOrder(tx, orderId);
  if (order === undefined) throw new Error(`There is no order "${orderId}".`);
  return order;
}

/** Takes what the order asks for out of the stock. @returns The order, or `undefined` when there is not enough. */
export function reserveStock(tx: Transaction, orderId: string): Order | undefined {
  const order = getOrder(tx, orderId);
  const { product, count } = order;
  const { changes } = tx
    .prepare("UPDATE stock SET count = count - ? WHERE product = ? AND count >= ?")
    .run(count, product, count);
  if (Number(changes) === 0) return undefined;
  tx.prepare("INSERT INTO reservations (order_id, product, count) VALUES (?, ?, ?)").run(
    orderId,
    product,
    count,
  );
  setStatus(tx, orderId, "reserved");
  return order;
}

export function insertApproval(tx: Transaction, orderId: string, approvedBy: string): void {
  tx.prepare("INSERT INTO approvals (order_id, approved_by) VALUES (?, ?)").run(
    orderId,
    approvedBy,
  );
}

export function replaceCard(tx: Transaction, orderId: string, card: Card): void {
  tx.prepare("UPDATE orders SET card = ? WHERE id = ?").run(card, orderId);
}

export interface LedgerEntry {
  readonly orderId: string;
  readonly cents: number;
  readonly receipt: string;
  /** The name of the process. */
  readonly chargedBy: string;
}

export function recordCharge(tx: Transaction, entry: LedgerEntry): void {
  tx.prepare("INSERT INTO ledger (order_id, cents, receipt, charged_by) VALUES (?, ?, ?, ?)").run(
    entry.orderId,
    entry.cents,
    entry.receipt,
    entry.chargedBy,
  );
  setStatus(tx, entry.orderId, "paid");
}

export function insertParcel(
  tx: Transaction,
  parcel: { readonly orderId: string; readonly parcel: number; readonly trackingId: string },
): void {
  tx.prepare("INSERT INTO parcels (order_id, parcel, tracking_id) VALUES (?, ?, ?)").run(
    parcel.orderId,
    parcel.parcel,
    parcel.trackingId,
  );
}

export function setStatus(tx: Transaction, orderId: string, status: Order["status"]): void {
  tx.prepare("UPDATE orders SET status = ? WHERE id = ?").run(status, orderId);
}

export interface OrderCounts {
  readonly runs: number;
  readonly orders: number;
  readonly shipped: number;
  readonly rejected: number;
}

export function countOrders(tx: Transaction): OrderCounts {
  const statement = tx.prepare(`
    SELECT (SELECT count(*) FROM runs) AS runs, count(*) AS orders,
      count(*) FILTER (WHERE status = 'shipped') AS shipped,
      count(*) FILTER (WHERE status = 'rejected') AS rejected
    FROM orders
  `);
  return statement.get() as unknown as OrderCounts;
}
