// The shop's statements on either database. Its transactions are the client library's own; what differs between the two is no
// more than this file.
import type { DatabaseSync } from "node:sqlite";

import type { PoolClient } from "pg";

/** A transaction as the client library has it: a connection of `node:sqlite`, or a client of node-postgres. */
export type Transaction = DatabaseSync | PoolClient;

export type Value = string | number;

export type Row = Readonly<Record<string, unknown>>;

/** Runs one statement, with `?` for each value, and answers its rows. */
export async function query<TRow = Row>(
  tx: Transaction,
  sql: string,
  values: readonly Value[] = [],
): Promise<readonly TRow[]> {
  if ("prepare" in tx) return tx.prepare(sql).all(...values) as TRow[];
  let place = 0;
  const { rows } = await tx.query(
    sql.replaceAll("?", () => `$${++place}`),
    [...values],
  );
  return rows as TRow[];
}

/** The one number that a statement answers. */
export async function queryNumber(tx: Transaction, sql: string): Promise<number> {
  const [row] = await query(tx, sql);
  return Number(Object.values(row ?? {})[0]);
}
