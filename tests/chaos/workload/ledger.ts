import { insertRows, query, type Transaction } from "../databases/sql.ts";
import type { StartedPlan } from "./plans.ts";

// No constraint keeps anybody from writing twice: that everything is here once is the doing of the transactions that it is written in.

/** `{id}` is the type of a chain id. */
export const ledgerTables: readonly string[] = [
  "CREATE TABLE chaos_chain (chain_id {id} NOT NULL, kind text NOT NULL, plan text NOT NULL, start_key text)",
  "CREATE INDEX chaos_chain_id ON chaos_chain (chain_id)",
  "CREATE TABLE chaos_effect (chain_id {id} NOT NULL, effect text NOT NULL)",
  "CREATE INDEX chaos_effect_id ON chaos_effect (chain_id)",
  "CREATE TABLE chaos_visit (chain_id {id} NOT NULL, effect text NOT NULL)",
  "CREATE INDEX chaos_visit_id ON chaos_visit (chain_id)",
];

export interface StartedRow {
  readonly chainId: string;
  readonly started: StartedPlan;
  /** The deduplication key that it was started with. */
  readonly key?: string | undefined;
}

/** Notes starts, in their own transaction. */
export async function recordStarts(tx: Transaction, rows: readonly StartedRow[]): Promise<void> {
  await insertRows(
    tx,
    "chaos_chain (chain_id, kind, plan, start_key)",
    rows.map(({ chainId, started, key }) => [
      chainId,
      started.kind,
      JSON.stringify(started.plan),
      key ?? null,
    ]),
  );
}

/** Notes starts that nobody knows whether they were noted. */
export async function recordStartsOnce(
  tx: Transaction,
  rows: readonly StartedRow[],
): Promise<void> {
  const places = rows.map(() => "?").join(", ");
  const known = await query<{ chain_id: string }>(
    tx,
    `SELECT chain_id FROM chaos_chain WHERE chain_id IN (${places})`,
    rows.map(({ chainId }) => chainId),
  );
  const knownIds = new Set(known.map((row) => row.chain_id));
  await recordStarts(
    tx,
    rows.filter(({ chainId }) => !knownIds.has(chainId)),
  );
}

/** Notes what a job has done, in the transaction that settles it. */
export async function recordEffect(
  tx: Transaction,
  chainId: string,
  effect: string,
): Promise<void> {
  await insertRows(tx, "chaos_effect (chain_id, effect)", [[chainId, effect]]);
}

/** Notes what a job has done before it is settled. */
export async function recordVisit(tx: Transaction, chainId: string, effect: string): Promise<void> {
  await insertRows(tx, "chaos_visit (chain_id, effect)", [[chainId, effect]]);
}
