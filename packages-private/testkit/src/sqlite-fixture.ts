import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import type {
  ConformanceFixture,
  ConformanceInstallation,
  ConformanceStore,
} from "@queuert/conformance";
import {
  createSqliteNotifyAdapter,
  createSqliteStateAdapter,
  type SqliteProvider,
} from "@queuert/sqlite";
import { createBetterSqlite3Provider } from "@queuert/sqlite/better-sqlite3";
import { createNodeSqliteProvider } from "@queuert/sqlite/node-sqlite";
import Database from "better-sqlite3";
import type { NotifyAdapter, StateAdapter } from "queuert/adapter";

import { sqliteSkips } from "./skips.ts";

/** What a user does with a connection of either client. */
interface UserConnection {
  prepare(sql: string): { run(...values: string[]): unknown; all(): unknown[] };
}

const clients = {
  "node:sqlite": (filename: string): SqliteProvider<UserConnection> =>
    createNodeSqliteProvider({ filename }),
  "better-sqlite3": (filename: string): SqliteProvider<UserConnection> =>
    createBetterSqlite3Provider({ filename, Database }) as never,
};

const defaultPrefix = "queuert_";
const ownTable = "user_rows";

/** The SQLite adapters with one client and one table prefix, on a file of its own for each store. */
export function createSqliteFixture(
  client: keyof typeof clients,
  tablePrefix: string = defaultPrefix,
): ConformanceFixture {
  return {
    name: `sqlite (${client}${tablePrefix === defaultPrefix ? "" : `, prefix ${tablePrefix}`})`,
    kinds: ["state", "notify"],
    capabilities: ["concurrentReaders", "ownRows", "schema", "workerRows"],
    skips: sqliteSkips,
    createStore: async () => createStore(client, tablePrefix),
  };
}

async function createStore(
  client: keyof typeof clients,
  tablePrefix: string,
): Promise<ConformanceStore> {
  const directory = await mkdtemp(join(tmpdir(), "queuert-testkit-"));
  const filename = join(directory, "queue.db");
  const user = new DatabaseSync(filename, { timeout: 10_000 });
  user.exec(`PRAGMA journal_mode = WAL; CREATE TABLE ${ownTable} (text TEXT NOT NULL)`);

  const createInstallation = (prefix: string): ConformanceInstallation => {
    const openState = (clock?: () => number): StateAdapter<UserConnection> =>
      // A conformance run ends with its process: what a power cut may take is not its subject.
      createSqliteStateAdapter({
        provider: clients[client](filename),
        tablePrefix: prefix,
        synchronous: "normal",
        clock,
      });
    return {
      openState: async ({ clock }) => openState(clock),
      openNotify: async () => openNotify(openState()),
      async deleteWorkerRow(workerId) {
        user.prepare(`DELETE FROM ${prefix}worker WHERE worker_id = ?`).run(workerId);
      },
      ownRows: {
        async insert(tx, text) {
          (tx as UserConnection).prepare(`INSERT INTO ${ownTable} VALUES (?)`).run(text);
        },
        list: async () =>
          user
            .prepare(`SELECT text FROM ${ownTable} ORDER BY rowid`)
            .all()
            .map((row) => String(row["text"])),
      },
    };
  };
  return {
    ...createInstallation(tablePrefix),
    sibling: createInstallation(`${tablePrefix}sibling_`),
    async dispose() {
      user.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A notify session of its own process: with a state adapter that it alone uses, and closes. */
async function openNotify(state: StateAdapter<UserConnection>): Promise<NotifyAdapter> {
  await state.migrate();
  const notify = createSqliteNotifyAdapter({ state });
  return {
    name: notify.name,
    publish: async (topics) => notify.publish(topics),
    subscribe: async (params) => notify.subscribe(params),
    async close() {
      await notify.close();
      await state.close();
    },
  };
}
