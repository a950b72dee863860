import { createTestName, findMainServerUrl } from "@queuert/testkit/postgres";
import pg from "pg";

import {
  createPostgresStateAdapter,
  type PostgresStateAdapter,
  type PostgresStateAdapterOptions,
} from "../create-postgres-state-adapter.ts";
import { createNodePostgresProvider } from "../providers/node-postgres.ts";

export type TestState = PostgresStateAdapter<pg.PoolClient>;
export type TestStateOptions = Partial<PostgresStateAdapterOptions<pg.PoolClient>>;

/** A schema that is not there yet, and the adapters opened on it. */
export interface TestInstallation {
  readonly schema: string;
  /** Connections of the user's own. */
  readonly pool: pg.Pool;
  open(options?: TestStateOptions): TestState;
  openMigrated(options?: TestStateOptions): Promise<TestState>;
  /** Runs SQL of the user's; answers the first column of its rows. */
  query(sql: string, ...values: readonly unknown[]): Promise<readonly unknown[]>;
  dispose(): Promise<void>;
}

export async function createTestInstallation(): Promise<TestInstallation> {
  const url = await findMainServerUrl();
  const schema = createTestName();
  const createPool = (): pg.Pool => new pg.Pool({ connectionString: url, max: 10 });
  const pools: pg.Pool[] = [createPool()];
  const pool = pools[0]!;
  const query: TestInstallation["query"] = async (sql, ...values) => {
    const answer = await pool.query<unknown[]>({
      text: sql,
      values: [...values],
      rowMode: "array",
    });
    // Several statements in one text answer several results.
    return [answer].flat().flatMap(({ rows }) => rows.map(([first]) => first));
  };
  const open: TestInstallation["open"] = (options = {}) => {
    const own = createPool();
    pools.push(own);
    return createPostgresStateAdapter({
      provider: createNodePostgresProvider({ pool: own }),
      schema,
      ...options,
    });
  };
  return {
    schema,
    pool,
    open,
    async openMigrated(options) {
      const state = open(options);
      await state.migrate();
      return state;
    },
    query,
    async dispose() {
      await query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
      await Promise.all(pools.map(async (one) => one.end()));
    },
  };
}

/** Ends chains without a worker. */
export async function completeChains(
  state: TestState,
  chains: readonly { readonly chainId: string }[],
): Promise<void> {
  const items = chains.map(({ chainId }) => ({
    type: "work",
    chainId,
    outcome: { kind: "completed" as const, output: "null" },
  }));
  await state.completeChains({ tx: undefined, items });
}
