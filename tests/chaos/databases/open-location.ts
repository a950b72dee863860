import type { DatabaseSync } from "node:sqlite";

import {
  createPostgresNotifyAdapter,
  createPostgresStateAdapter,
  type PostgresProvider,
} from "@queuert/postgres";
import {
  createNodePostgresListener,
  createNodePostgresProvider,
} from "@queuert/postgres/node-postgres";
import {
  createSqliteNotifyAdapter,
  createSqliteStateAdapter,
  type SqliteProvider,
} from "@queuert/sqlite";
import { createNodeSqliteProvider } from "@queuert/sqlite/node-sqlite";
import pg from "pg";
import type { NotifyAdapter, StateAdapter } from "queuert";

import type { Transaction } from "./sql.ts";

export type AdapterName = "postgres" | "sqlite";

/** Where a process finds its database. */
export type Location =
  | { readonly adapter: "postgres"; readonly url: string; readonly poolSize: number }
  | { readonly adapter: "sqlite"; readonly filename: string };

/** What a disk does to those who write on it. */
export type DiskState = "fine" | "full" | "readOnly";

export interface OpenDatabase {
  readonly state: StateAdapter<Transaction>;
  readonly notify: NotifyAdapter;
  /** For SQLite: makes the disk as it says, for this process. */
  setDisk(state: DiskState): void;
  close(): Promise<void>;
}

/** Opens a database as a process of a user's does. */
export function openLocation(location: Location): OpenDatabase {
  return location.adapter === "postgres" ? openPostgres(location) : openSqlite(location);
}

function openPostgres({ url, poolSize }: Location & { adapter: "postgres" }): OpenDatabase {
  const pool = new pg.Pool({ connectionString: url, max: poolSize });
  // The server ends connections that nobody uses: the pool makes others.
  pool.on("error", () => undefined);
  const provider: PostgresProvider<pg.PoolClient> = createNodePostgresProvider({ pool });
  const state = createPostgresStateAdapter({ provider });
  const notify = createPostgresNotifyAdapter({
    state,
    listener: createNodePostgresListener({ pool }),
    selfTestIntervalMs: 2_000,
    timeoutMs: 1_000,
  });
  return {
    state,
    notify,
    setDisk() {
      throw new Error("The disk of a PostgreSQL server is its own.");
    },
    async close() {
      await notify.close();
      await state.close();
      await pool.end();
    },
  };
}

function openSqlite({ filename }: Location & { adapter: "sqlite" }): OpenDatabase {
  const provider = createNodeSqliteProvider({ filename });
  const writers = new Set<DatabaseSync>();
  let disk: DiskState = "fine";
  const recording: SqliteProvider<DatabaseSync> = {
    ...provider,
    open(options) {
      const connection = provider.open(options);
      if (!options.isReadOnly) {
        writers.add(connection);
        applyDisk(connection, disk);
      }
      return connection;
    },
  };
  // The processes of a run die, the machine does not.
  const state = createSqliteStateAdapter({ provider: recording, synchronous: "normal" });
  const notify = createSqliteNotifyAdapter({ state });
  return {
    state,
    notify,
    setDisk(next) {
      disk = next;
      for (const connection of writers) applyDisk(connection, disk);
    },
    async close() {
      await notify.close();
      await state.close();
    },
  };
}

/** SQLite refuses by itself what the disk would refuse: its own error, on its own way. */
function applyDisk(connection: DatabaseSync, disk: DiskState): void {
  const row = connection.prepare("PRAGMA page_count").get() as { page_count: number };
  const pageCountMax = disk === "full" ? row.page_count : 4_294_967_294;
  connection.exec(`PRAGMA max_page_count = ${pageCountMax}`);
  connection.exec(`PRAGMA query_only = ${disk === "readOnly" ? "ON" : "OFF"}`);
}
