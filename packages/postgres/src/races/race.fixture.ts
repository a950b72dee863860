import { createTestName, findMainServerUrl } from "@queuert/testkit/postgres";
import pg from "pg";
import type { ClaimedJob, NewChain, NewJob } from "queuert/adapter";

import {
  createPostgresStateAdapter,
  type PostgresStateAdapter,
} from "../create-postgres-state-adapter.ts";
import { newChain, newChainId } from "../new-chain.fixture.ts";
import { newWorker } from "../new-worker.fixture.ts";
import { createNodePostgresProvider } from "../providers/node-postgres.ts";

/** A transaction of the user's in which something was done, and which is open until the test ends it. */
export interface Held<TResult> {
  readonly result: TResult;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

/** Two sides of a race, put into order by locks: a test goes on when the other side stands before one, and no timing decides. */
export interface Race {
  readonly state: PostgresStateAdapter<pg.PoolClient>;
  readonly schema: string;
  readonly pool: pg.Pool;
  /** Moves the clock of the adapter, which stands still by itself. */
  advance(ms: number): void;
  hold<TResult>(run: (tx: pg.PoolClient) => Promise<TResult>): Promise<Held<TResult>>;
  /** Resolves when so many statements of this race wait for a lock. */
  untilWaiting(count?: number): Promise<void>;
  /** Starts a chain and answers its id. */
  start(fields?: Partial<NewChain>): Promise<string>;
  /** Registers a worker and claims what is ready of the type "work". */
  claim(): Promise<{ readonly workerId: string; readonly claimed: readonly ClaimedJob[] }>;
  close(): Promise<void>;
}

export const leaseMs = 60_000;

export function waitFor(...chainIds: readonly string[]): NewJob["blockers"] {
  return chainIds.map((chainId, ordinal) => ({ slot: "items", ordinal, chainId }));
}

export async function openRace(): Promise<Race> {
  const schema = createTestName();
  const pool = new pg.Pool({
    connectionString: await findMainServerUrl(),
    max: 6,
    application_name: schema,
  });
  let nowMs = Date.UTC(2030, 0, 1);
  const state = createPostgresStateAdapter({
    provider: createNodePostgresProvider({ pool }),
    schema,
    clock: () => nowMs,
  });
  await state.migrate();
  return {
    state,
    schema,
    pool,
    advance: (ms) => {
      nowMs += ms;
    },
    hold: async (run) => hold(state, run),
    untilWaiting: async (count = 1) => untilWaiting(pool, schema, count),
    start: async (fields) => {
      const chain = newChain(fields);
      await state.startChains({ tx: undefined, chains: [chain] });
      return chain.chainId;
    },
    claim: async () => claim(state, newChainId()),
    close: async () => {
      await pool.query(`DROP SCHEMA ${schema} CASCADE`);
      await pool.end();
    },
  };
}

class Rollback extends Error {}

async function hold<TResult>(
  state: Race["state"],
  run: (tx: pg.PoolClient) => Promise<TResult>,
): Promise<Held<TResult>> {
  let decide!: (isCommitted: boolean) => void;
  const decision = new Promise<boolean>((resolve) => (decide = resolve));
  let ended!: Promise<void>;
  const result = await new Promise<TResult>((resolve, reject) => {
    ended = state.transaction(async (tx) => {
      resolve(await run(tx));
      if (!(await decision)) throw new Rollback();
    });
    // Also marks the rejection as handled; commit and rollback hand it on.
    ended.catch((error: unknown) => reject(error as Error));
  });
  return {
    result,
    commit: async () => {
      decide(true);
      await ended;
    },
    rollback: async () => {
      decide(false);
      await ended.catch((error: unknown) => {
        if (!(error instanceof Rollback)) throw error;
      });
    },
  };
}

async function untilWaiting(pool: pg.Pool, schema: string, count: number): Promise<void> {
  for (;;) {
    const { rows } = await pool.query<{ waiting: number }>(
      "SELECT count(*)::integer AS waiting FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'",
      [schema],
    );
    if (rows[0]!.waiting >= count) return;
  }
}

async function claim(
  state: Race["state"],
  workerId: string,
): Promise<{ readonly workerId: string; readonly claimed: readonly ClaimedJob[] }> {
  await state.registerWorker(newWorker({ workerId, leaseMs }));
  const { claimed } = await state.exchange({
    workerId,
    settlements: [],
    started: [],
    claim: { types: [{ type: "work", limit: 10 }], slots: 10, ahead: 0 },
  });
  return { workerId, claimed };
}
