import { createPostgresStateAdapter, type PostgresProvider } from "@queuert/postgres";
import { createNodePostgresProvider } from "@queuert/postgres/node-postgres";
import { openTestServer, query } from "@queuert/testkit/postgres";
import pg from "pg";
import type { StateAdapter } from "queuert";

import type { CostStore } from "./measure.ts";

/** Autovacuum comes when it likes, and pages are written whole after a checkpoint: neither is a cost of a job. */
const settings = { autovacuum: "off", full_page_writes: "off" };

/** A server of its own, whose write-ahead log nobody else writes, to open stores on. */
export async function openPostgresCostStores(): Promise<{
  open(): Promise<CostStore>;
  dispose(): Promise<void>;
}> {
  const server = await openTestServer({ settings });
  return {
    async open() {
      const { url } = await server.createDatabase();
      return openStore(url);
    },
    dispose: async () => server.dispose(),
  };
}

async function openStore(url: string): Promise<CostStore> {
  const pool = new pg.Pool({ connectionString: url, max: 60 });
  const counting = createCountingProvider(createNodePostgresProvider({ pool }));
  const state = createPostgresStateAdapter({ provider: counting.provider });
  await state.migrate();
  let before = { walBytes: 0, deadRows: 0 };
  return {
    state: state as unknown as StateAdapter<never>,
    async take() {
      await flushStatistics(pool);
      const after = await readServer(url);
      const server = {
        walBytes: after.walBytes - before.walBytes,
        deadRows: after.deadRows - before.deadRows,
      };
      before = after;
      return { ...counting.take(), ...server };
    },
    async dispose() {
      await state.close();
      await pool.end();
    },
  };
}

/** Backends report what they did to tables now and then; each is asked to do so now. */
async function flushStatistics(pool: pg.Pool): Promise<void> {
  const clients = await Promise.all(
    Array.from({ length: pool.totalCount }, async () => pool.connect()),
  );
  for (const client of clients) {
    await client.query("SELECT pg_stat_force_next_flush()");
    client.release();
  }
}

/** `deadRows` are row versions that were written and are no more: what VACUUM has to clear away, or pruning already has. */
async function readServer(url: string): Promise<{ walBytes: number; deadRows: number }> {
  const [row] = await query<{ wal_bytes: string; dead_rows: string }>(
    url,
    `SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS wal_bytes,
       (SELECT coalesce(sum(n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables) AS dead_rows`,
  );
  return { walBytes: Number(row?.wal_bytes), deadRows: Number(row?.dead_rows) };
}

/** Counts what goes through a provider: a statement by itself is a transaction, and so is a BEGIN with its COMMIT. */
function createCountingProvider<TTransaction extends object>(
  inner: PostgresProvider<TTransaction>,
) {
  let transactions = 0;
  let roundTrips = 0;
  const provider: PostgresProvider<TTransaction> = {
    ...inner,
    transaction: async (run) => {
      transactions++;
      roundTrips += 2;
      return inner.transaction(run);
    },
    query: async (tx, statement) => {
      if (tx === undefined) transactions++;
      roundTrips++;
      return inner.query(tx, statement);
    },
  };
  const take = (): { transactions: number; roundTrips: number } => {
    const taken = { transactions, roundTrips };
    [transactions, roundTrips] = [0, 0];
    return taken;
  };
  return { provider, take };
}
