import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSqliteNotifyAdapter, createSqliteStateAdapter } from "@queuert/sqlite";
import { createBetterSqlite3Provider } from "@queuert/sqlite/better-sqlite3";
import { createNodeSqliteProvider } from "@queuert/sqlite/node-sqlite";
import Database from "better-sqlite3";
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

/** The stores that are measured, by name. */
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
