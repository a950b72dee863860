import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPostgresNotifyAdapter, createPostgresStateAdapter } from "@queuert/postgres";
import {
  createNodePostgresListener,
  createNodePostgresProvider,
} from "@queuert/postgres/node-postgres";
import { createSqliteNotifyAdapter, createSqliteStateAdapter } from "@queuert/sqlite";
import { createBetterSqlite3Provider } from "@queuert/sqlite/better-sqlite3";
import { createNodeSqliteProvider } from "@queuert/sqlite/node-sqlite";
import { createTestDatabase } from "@queuert/testkit/postgres";
import Database from "better-sqlite3";
import pg from "pg";
import {
  createMemoryNotifyAdapter,
  createMemoryStateAdapter,
  type NotifyAdapter,
  type StateAdapter,
} from "queuert";

/** An empty store, and how to get rid of it. */
export interface BenchStore {
  readonly state: StateAdapter<never>;
  readonly notify: NotifyAdapter;
  readonly dispose: () => Promise<void>;
}

/** The stores that need no server, by name. */
export const stores: Readonly<Record<string, () => Promise<BenchStore>>> = {
  memory: async () => ({
    state: createMemoryStateAdapter() as unknown as StateAdapter<never>,
    notify: createMemoryNotifyAdapter(),
    dispose: async () => {},
  }),
  "sqlite (node:sqlite)": () => onFile((filename) => createNodeSqliteProvider({ filename })),
  "sqlite (better-sqlite3)": () =>
    onFile((filename) => createBetterSqlite3Provider({ filename, Database })),
};

type AnyProvider = Parameters<typeof createSqliteStateAdapter>[0]["provider"];

async function onFile(openProvider: (filename: string) => unknown): Promise<BenchStore> {
  const folder = mkdtempSync(join(tmpdir(), "queuert-bench-"));
  const state = createSqliteStateAdapter({
    provider: openProvider(join(folder, "bench.db")) as AnyProvider,
  });
  await state.migrate();
  const notify = createSqliteNotifyAdapter({ state });
  return {
    state: state as unknown as StateAdapter<never>,
    notify,
    dispose: async () => {
      await notify.close();
      await state.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** A store in a database of its own on that server, to be dropped with the store. */
export async function openPostgresStore(
  serverUrl: string,
): Promise<BenchStore & { readonly url: string }> {
  const database = await createTestDatabase(serverUrl);
  const pool = new pg.Pool({ connectionString: database.url, max: 60 });
  // The end of the database ends what is still connected.
  pool.on("error", () => {});
  const state = createPostgresStateAdapter({ provider: createNodePostgresProvider({ pool }) });
  await state.migrate();
  const notify = createPostgresNotifyAdapter({
    state,
    listener: createNodePostgresListener({ pool }),
  });
  return {
    url: database.url,
    state: state as unknown as StateAdapter<never>,
    notify,
    dispose: async () => {
      await notify.close();
      await state.close();
      await pool.end();
      await database.drop();
    },
  };
}
