// One SQLite file for everything: the shop's own tables and the job chains. Every process opens it like this.
import type { DatabaseSync } from "node:sqlite";

import { createSqliteNotifyAdapter, createSqliteStateAdapter } from "@queuert/sqlite";
import { createNodeSqliteProvider } from "@queuert/sqlite/node-sqlite";
import type { NotifyAdapter, StateAdapter } from "queuert";

/** A transaction as the shop's own statements see it: a connection of `node:sqlite`. */
export type Transaction = DatabaseSync;

export interface Database {
  readonly state: StateAdapter<Transaction>;
  /** Wake-ups between the processes. Without it everything would work as well, a poll later. */
  readonly notify: NotifyAdapter;
  close(): Promise<void>;
}

export function openDatabase(filename: string): Database {
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
