import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import {
  claim,
  clientNames,
  clients,
  createTestDatabase,
  isThere,
  newChain,
  registerWorker,
  type TestDatabase,
} from "../sqlite.fixture.ts";

describe.each(clientNames)("another connection's lock with %s", (client) => {
  let database: TestDatabase;
  beforeEach(() => {
    database = createTestDatabase(client);
  });
  afterEach(async () => database.dispose());

  it("P1: a write that cannot have the lock in time throws StoreConflictError, and has written nothing", async () => {
    await database.openMigrated();
    const state = database.open({ busyTimeoutMs: 30 });
    const holder = database.connect();
    holder.exec("BEGIN IMMEDIATE");
    const chain = newChain();
    const conflict = await state
      .startChains({ tx: undefined, chains: [chain] })
      .catch((error: unknown) => error);
    expect(conflict).toMatchObject({ code: "STORE_CONFLICT", isRetryable: true });
    expect((conflict as Error).cause).toBeInstanceOf(Error);
    await expect(state.transaction(async () => undefined)).rejects.toMatchObject({
      code: "STORE_CONFLICT",
    });
    holder.exec("ROLLBACK");
    expect(await isThere(state, chain.chainId)).toBe(false);
  });

  it("a write that waits gets the lock when it is given back, and the event loop runs meanwhile", async () => {
    await database.openMigrated();
    const state = database.open({ busyTimeoutMs: 60_000 });
    const holder = database.connect();
    holder.exec("BEGIN IMMEDIATE");
    const chain = newChain();
    const start = state.startChains({ tx: undefined, chains: [chain] });
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    holder.exec("COMMIT");
    expect(await start).toMatchObject([{ outcome: "created" }]);
  });

  it("reads, and exchanges that find nothing, do not wait for a writer", async () => {
    const state = await database.openMigrated({ busyTimeoutMs: 0 });
    const workerId = await registerWorker(state);
    const holder = database.connect();
    holder.exec("BEGIN IMMEDIATE");
    expect(await claim(state, workerId)).toEqual([]);
    expect(await state.promote({ limit: 10 })).toEqual({ promoted: [], nextDueInMs: undefined });
    expect(await state.reap({ limit: 10, attemptLimits: [] })).toEqual({
      reaped: [],
      workerIds: [],
      isMore: false,
    });
    expect(await state.countChains({ filter: {}, cap: 10 })).toBe(0);
    holder.exec("ROLLBACK");
  });

  it("an operation that finds nothing to write commits no change", async () => {
    const state = await database.openMigrated();
    const workerId = await registerWorker(state);
    await state.startChains({ tx: undefined, chains: [newChain({ type: "other" })] });
    const observer = database.connect();
    const version = (): unknown => observer.prepare("PRAGMA data_version").get();
    const before = version();
    const stale = { chainId: newChain().chainId, chainIndex: 0, claimNo: 1 };
    const outcome = { kind: "completed", output: undefined } as const;
    const request = { types: [{ type: "work", limit: 10 }], slots: 10, ahead: 0 };
    const { verdicts } = await state.exchange({
      workerId,
      settlements: [{ ...stale, outcome }],
      started: [stale],
      claim: request,
    });
    expect(verdicts).toEqual([{ kind: "lost", reason: "deleted" }]);
    await claim(state, workerId);
    await state.promote({ limit: 10 });
    await state.reap({ limit: 10, attemptLimits: [] });
    await state.cancel({
      tx: undefined,
      chainIds: [stale.chainId],
      reason: undefined,
      cascade: false,
    });
    await state.migrate();
    expect(version()).toEqual(before);
    await state.startChains({ tx: undefined, chains: [newChain()] });
    expect(version()).not.toEqual(before);
  });
});

describe("setting a connection up", () => {
  let database: TestDatabase;
  beforeEach(() => {
    database = createTestDatabase();
  });
  afterEach(async () => database.dispose());

  it.each(clientNames)(
    "%s: write-ahead logging and foreign keys are on, and synchronous is as asked",
    async (client) => {
      for (const [synchronous, level] of [
        ["full", 2],
        ["normal", 1],
      ] as const) {
        const state = database.open({ provider: clients[client](database.filename), synchronous });
        await state.transaction(async (tx) => {
          expect(tx.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
          expect(tx.prepare("PRAGMA foreign_keys").get()).toEqual({ foreign_keys: 1 });
          expect(tx.prepare("PRAGMA synchronous").get()).toEqual({ synchronous: level });
        });
      }
    },
  );

  it.each([
    ["PRAGMA journal_mode = WAL", { journal_mode: "delete" }],
    ["PRAGMA foreign_keys", { foreign_keys: 0 }],
  ])("a client that does not obey %s is refused", async (pragma, answer) => {
    const provider = clients["node:sqlite"](database.filename);
    const state = database.open({
      provider: {
        ...provider,
        prepare: (connection, sql) =>
          sql === pragma
            ? { run: () => ({ changes: 0 }), get: () => answer, all: () => [answer] }
            : provider.prepare(connection, sql),
      },
    });
    await expect(state.migrate()).rejects.toMatchObject({ code: "STORE_SETUP_INVALID" });
  });

  it("a file that cannot be opened is unavailable, one that is no database is a wrong setup", async () => {
    for (const client of clientNames) {
      const missing = database.open({
        provider: clients[client](`${database.filename}.d/missing/x.db`),
      });
      await expect(missing.migrate()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      const text = database.open({ provider: clients[client](fileURLToPath(import.meta.url)) });
      await expect(text.migrate()).rejects.toMatchObject({ code: "STORE_SETUP_INVALID" });
    }
  });
});
