import { createPostgresNotifyAdapter, createPostgresStateAdapter } from "@queuert/postgres";
import {
  createNodePostgresListener,
  createNodePostgresProvider,
} from "@queuert/postgres/node-postgres";
import pg from "pg";

import type { Database } from "./database.ts";

/** The shop's tables and those of the job chains stand in a schema of their own: drop it, and nothing is left. */
const schema = "queuert_quickstart";

export function openPostgres(url: string): Database {
  const pool = new pg.Pool({ connectionString: url, options: `-c search_path=${schema}` });
  // The server has ended a connection that nobody used: the pool makes another one.
  pool.on("error", (error) => console.warn(String(error)));
  const state = createPostgresStateAdapter({
    provider: createNodePostgresProvider({ pool }),
    schema,
  });
  const notify = createPostgresNotifyAdapter({
    state,
    listener: createNodePostgresListener({ pool }),
  });
  return {
    state,
    notify,
    async close() {
      await notify.close();
      await state.close();
      await pool.end();
    },
  };
}
