import assert from "node:assert/strict";

import type pg from "pg";

/** What each row of a job table keeps to. The table has no CHECK constraints that would say so, since they cost too much. */
const rowRule = `chain_index >= 0 AND attempt >= 0 AND open_blockers >= 0 AND dependents >= 0 AND priority BETWEEN 0 AND 9
  AND status IN ('blocked', 'scheduled', 'ready', 'running', 'completed', 'continued', 'failed', 'cancelled')
  AND (hold IS NULL OR hold IN ('held', 'suspect'))
  AND (chain_status IS NULL OR chain_status IN ('open', 'completed', 'failed', 'cancelled'))`;

/** Throws for rows that no state allows, in a table that need not be there. */
export async function assertRowsMakeSense(pool: pg.Pool, table: string): Promise<void> {
  const { rows: found } = await pool.query("SELECT to_regclass($1) AS table", [table]);
  if (found[0].table === null) return;
  const { rows } = await pool.query(
    `SELECT * FROM ${table} WHERE (${rowRule}) IS NOT TRUE LIMIT 3`,
  );
  assert.deepEqual(rows, [], `${table} has rows that no state allows`);
}
