// Migrates in a process of its own and prints the report. The argument is the database file.
import { createSqliteStateAdapter } from "../create-sqlite-state-adapter.ts";
import { createNodeSqliteProvider } from "../providers/node-sqlite.ts";

const state = createSqliteStateAdapter({
  provider: createNodeSqliteProvider({ filename: process.argv[2]! }),
});
process.stdout.write(JSON.stringify(await state.migrate()));
await state.close();
