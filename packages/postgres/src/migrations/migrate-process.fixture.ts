// Migrates in a process of its own and prints the report. The arguments are the database's URL and the schema.
import pg from "pg";

import { createPostgresStateAdapter } from "../create-postgres-state-adapter.ts";
import { createNodePostgresProvider } from "../providers/node-postgres.ts";

const pool = new pg.Pool({ connectionString: process.argv[2]!, max: 1 });
const state = createPostgresStateAdapter({
  provider: createNodePostgresProvider({ pool }),
  schema: process.argv[3]!,
});
process.stdout.write(JSON.stringify(await state.migrate()));
await state.close();
await pool.end();
