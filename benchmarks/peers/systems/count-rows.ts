import type pg from "pg";

/** Counts the rows of a table that fulfil a condition. */
export async function countRows(pool: pg.Pool, table: string, condition: string): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM ${table} WHERE ${condition}`,
  );
  return rows[0]?.count ?? 0;
}
