import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import Database from "better-sqlite3";
import {
  formatUuidV7,
  type ClaimedJob,
  type NewChain,
  type NewJob,
  type StateAdapter,
} from "queuert/adapter";

import {
  createSqliteStateAdapter,
  type SqliteStateAdapter,
  type SqliteStateAdapterOptions,
} from "./create-sqlite-state-adapter.ts";
import { createBetterSqlite3Provider } from "./providers/better-sqlite3.ts";
import { createNodeSqliteProvider } from "./providers/node-sqlite.ts";
import type { SqliteProvider } from "./providers/provider.ts";

/** What the tests ask of a client's connection: both clients have it. */
export interface TestConnection {
  exec(sql: string): unknown;
  prepare(sql: string): {
    run(...values: unknown[]): unknown;
    get(...values: unknown[]): unknown;
    all(...values: unknown[]): unknown[];
  };
  close(): unknown;
}

/** The clients under test, by name. */
export const clients: Readonly<
  Record<"node:sqlite" | "better-sqlite3", (filename: string) => SqliteProvider<TestConnection>>
> = {
  "node:sqlite": (filename) => createNodeSqliteProvider({ filename }),
  "better-sqlite3": (filename) =>
    createBetterSqlite3Provider({
      filename,
      Database,
    }),
};

export const clientNames: readonly ("node:sqlite" | "better-sqlite3")[] = [
  "node:sqlite",
  "better-sqlite3",
];

/** A database file of its own, and the adapters opened on it. */
export interface TestDatabase {
  readonly filename: string;
  open(
    options?: Partial<SqliteStateAdapterOptions<TestConnection>>,
  ): SqliteStateAdapter<TestConnection>;
  openMigrated(
    options?: Partial<SqliteStateAdapterOptions<TestConnection>>,
  ): Promise<SqliteStateAdapter<TestConnection>>;
  provider(): SqliteProvider<TestConnection>;
  /** A connection of the user's own. */
  connect(): TestConnection;
  dispose(): Promise<void>;
}

export function createTestDatabase(client: keyof typeof clients = "node:sqlite"): TestDatabase {
  const directory = mkdtempSync(join(tmpdir(), "queuert-sqlite-"));
  const filename = join(directory, "test.db");
  const opened: StateAdapter<TestConnection>[] = [];
  const connections: TestConnection[] = [];
  const open: TestDatabase["open"] = (options = {}) => {
    const state = createSqliteStateAdapter({
      provider: clients[client](filename),
      synchronous: "normal",
      ...options,
    });
    opened.push(state);
    return state;
  };
  return {
    filename,
    open,
    provider: () => clients[client](filename),
    async openMigrated(options) {
      const state = open(options);
      await state.migrate();
      return state;
    },
    connect() {
      const connection = clients[client](filename).open({ isReadOnly: false });
      connections.push(connection);
      return connection;
    },
    async dispose() {
      await Promise.all(opened.map(async (state) => state.close()));
      for (const connection of connections) connection.close();
      rmSync(directory, { recursive: true });
    },
  };
}

let sequence = 0;

export function newChainId(): string {
  sequence += 1;
  return formatUuidV7(Date.now(), sequence % 4096, randomBytes(10));
}

export function newJob(fields: Partial<NewJob> = {}): NewJob {
  return {
    type: "work",
    input: undefined,
    priority: 5,
    schedule: undefined,
    blockers: [],
    traceContext: undefined,
    ...fields,
  };
}

export function newChain(fields: Partial<NewChain> = {}): NewChain {
  return {
    ...newJob(),
    chainId: newChainId(),
    deduplication: undefined,
    labels: {},
    isUnannounced: false,
    ...fields,
  };
}

/** Registers a worker and answers its id. */
export async function registerWorker(state: StateAdapter<TestConnection>): Promise<string> {
  const workerId = newChainId();
  await state.registerWorker({
    workerId,
    name: "worker",
    host: "host",
    pid: 1,
    types: ["work"],
    concurrency: 10,
    leaseMs: 600_000,
  });
  return workerId;
}

export async function claim(
  state: StateAdapter<TestConnection>,
  workerId: string,
  types: readonly string[] = ["work"],
): Promise<readonly ClaimedJob[]> {
  const request = { types: types.map((type) => ({ type, limit: 100 })), slots: 100, ahead: 0 };
  return (await state.exchange({ workerId, settlements: [], started: [], claim: request })).claimed;
}

export async function isThere(
  state: StateAdapter<TestConnection>,
  chainId: string,
  tx?: TestConnection,
): Promise<boolean> {
  const [chain] = await state.getChains({ tx, chainIds: [chainId] });
  return chain !== undefined;
}

/** A promise that a test settles itself. */
export interface Signal {
  readonly reached: Promise<void>;
  send(): void;
}

export function createSignal(): Signal {
  let send!: () => void;
  const reached = new Promise<void>((resolve) => {
    send = resolve;
  });
  return { reached, send };
}
