import { createSqliteNotifyAdapter, createSqliteStateAdapter } from "@queuert/sqlite";
import { createNodeSqliteProvider } from "@queuert/sqlite/node-sqlite";

import type { Database } from "./database.ts";

export function openSqlite(filename: string): Database {
  const state = createSqliteStateAdapter({ provider: createNodeSqliteProvider({ filename }) });
  const notify = createSqliteNotifyAdapter({ state });
  return {
    state,
    notify,
    async close() {
      await notify.close();
      await state.close();
    },
  };
}
