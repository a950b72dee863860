// Starts a chain in a process of its own. The argument is the database file.
import { createSqliteStateAdapter } from "./create-sqlite-state-adapter.ts";
import { createNodeSqliteProvider } from "./providers/node-sqlite.ts";
import { newChain } from "./sqlite.fixture.ts";

const state = createSqliteStateAdapter({
  provider: createNodeSqliteProvider({ filename: process.argv[2]! }),
});
await state.startChains({ tx: undefined, chains: [newChain()] });
await state.close();
