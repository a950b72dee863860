import Database from "better-sqlite3";
import type { DatabaseSync } from "node:sqlite";
import type { StateAdapter } from "queuert/adapter";

import {
  createSqliteNotifyAdapter,
  createSqliteStateAdapter,
  type SqliteStateAdapter,
} from "./index.ts";
import { createBetterSqlite3Provider } from "./providers/better-sqlite3.ts";
import { createNodeSqliteProvider } from "./providers/node-sqlite.ts";

declare const node: DatabaseSync;
declare const better: Database.Database;

// The transaction is the client's own connection, with the client's own types.
const onNode: SqliteStateAdapter<DatabaseSync> = createSqliteStateAdapter({
  provider: createNodeSqliteProvider({ filename: "a.db" }),
});
const onBetter: SqliteStateAdapter<Database.Database> = createSqliteStateAdapter({
  provider: createBetterSqlite3Provider({ filename: "a.db", Database }),
});
const asPort: StateAdapter<DatabaseSync> = onNode;

void onNode.startChains({ tx: node, chains: [] });
void onBetter.transaction(async (tx) => tx.pragma("user_version"));
// @ts-expect-error -- A connection of another client is no transaction of this one.
void onNode.startChains({ tx: better, chains: [] });
// @ts-expect-error -- Nor is a file name.
void onBetter.startChains({ tx: "a.db", chains: [] });
// @ts-expect-error -- tx is required, so that no call commits by itself by accident.
void onNode.startChains({ chains: [] });

createSqliteNotifyAdapter({ state: onNode });
createSqliteNotifyAdapter({ state: asPort });
// @ts-expect-error -- The class itself is passed, not a connection.
createBetterSqlite3Provider({ filename: "a.db", Database: better });
const provider = createNodeSqliteProvider({ filename: "a.db" });
// @ts-expect-error -- "off" would lose what has committed.
createSqliteStateAdapter({ provider, synchronous: "off" });
