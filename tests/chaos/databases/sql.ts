import type { DatabaseSync } from "node:sqlite";

import type { PoolClient } from "pg";

/** A transaction as the client library has it: a connection of `node:sqlite`, or a client of node-postgres. */
export type Transaction = DatabaseSync | PoolClient;

export type Value = string | number | null;

/** A statement of the user's own failed, in the middle of a fault. */
export class LedgerError extends Error {
  override readonly name = "LedgerError";
}

/** Runs one statement of the user's, with `?` for each value, and answers its rows. */
export async function query<TRow>(
  tx: Transaction,
  sql: string,
  values: readonly Value[] = [],
): Promise<readonly TRow[]> {
  try {
    if ("prepare" in tx) return tx.prepare(sql).all(...values) as TRow[];
    const { rows } = await tx.query(numberValues(sql), [...values]);
    return rows as TRow[];
  } catch (error) {
    throw new LedgerError(String(error), { cause: error });
  }
}

/** Inserts rows in one statement. */
export async function insertRows(
  tx: Transaction,
  into: string,
  rows: readonly (readonly Value[])[],
): Promise<void> {
  if (rows.length === 0) return;
  const places = rows.map((row) => `(${row.map(() => "?").join(", ")})`).join(", ");
  await query(tx, `INSERT INTO ${into} VALUES ${places}`, rows.flat());
}

/** PostgreSQL counts its values. */
export function numberValues(sql: string): string {
  let place = 0;
  return sql.replaceAll("?", () => `$${++place}`);
}
