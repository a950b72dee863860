import Database from "better-sqlite3";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import {
  claim,
  clientNames,
  clients,
  createTestDatabase,
  isThere,
  newChain,
  registerWorker,
  type TestConnection,
  type TestDatabase,
} from "../sqlite.fixture.ts";

let database: TestDatabase;
beforeEach(() => {
  database = createTestDatabase();
});
afterEach(async () => database.dispose());

describe("both clients on one file", () => {
  it("P3: never claim a job twice, and see each other's commits", async () => {
    const [first, second] = await Promise.all(
      clientNames.map(async (client) =>
        database.openMigrated({ provider: clients[client](database.filename) }),
      ),
    );
    const chains = Array.from({ length: 200 }, () => newChain());
    await Promise.all([
      ...chains
        .slice(0, 100)
        .map(async (chain) => first!.startChains({ tx: undefined, chains: [chain] })),
      ...chains
        .slice(100)
        .map(async (chain) => second!.startChains({ tx: undefined, chains: [chain] })),
    ]);
    const claimed = await Promise.all(
      [first!, second!].map(async (state) => {
        const workerId = await registerWorker(state);
        return [...(await claim(state, workerId)), ...(await claim(state, workerId))].map(
          ({ chainId }) => chainId,
        );
      }),
    );
    expect(claimed.flat().toSorted()).toEqual(chains.map(({ chainId }) => chainId).toSorted());
  });

  it.each([
    ["node:sqlite", "better-sqlite3"],
    ["better-sqlite3", "node:sqlite"],
  ] as const)("a connection of %s is no transaction of an adapter on %s", async (theirs, ours) => {
    const state = await database.openMigrated({ provider: clients[ours](database.filename) });
    const other = createTestDatabase(theirs);
    const connection = other.connect();
    connection.exec("BEGIN IMMEDIATE");
    await expect(state.startChains({ tx: connection, chains: [newChain()] })).rejects.toMatchObject(
      { code: "TRANSACTION_INVALID" },
    );
    await other.dispose();
  });
});

describe.each(clientNames)("%s", (client) => {
  it.each([":memory:", "", "file::memory:?cache=shared", "file:x?mode=memory&cache=shared"])(
    "refuses %j, which one connection alone could see",
    (filename) => {
      expect(() => clients[client](filename)).toThrow(
        expect.objectContaining({ code: "STORE_SETUP_INVALID" }),
      );
    },
  );

  it("keeps instants that no 32 bits hold, and the latest one that there is", async () => {
    const state = await database.openMigrated({ provider: clients[client](database.filename) });
    const last = new Date(8_640_000_000_000_000);
    const chains = [newChain({ schedule: { at: last } }), newChain({ schedule: { delayMs: 0.5 } })];
    await state.startChains({ tx: undefined, chains });
    expect(
      await state.getJobs({
        tx: undefined,
        keys: [{ chainId: chains[0]!.chainId, chainIndex: 0 }],
      }),
    ).toMatchObject([{ scheduledAt: last }]);
  });

  it("E1 E2: keeps payloads byte for byte, 8 MB of them too", async () => {
    const state = await database.openMigrated({ provider: clients[client](database.filename) });
    const inputs = ['"\\u0000\\ud800"', '{ "a" : 1 }', "1e400", `"${"é😀".repeat(1_000_000)}"`];
    const chains = inputs.map((input) => newChain({ input }));
    await state.startChains({ tx: undefined, chains });
    const jobs = await state.getJobs({
      tx: undefined,
      keys: chains.map(({ chainId }) => ({ chainId, chainIndex: 0 })),
    });
    expect(jobs.map((job) => job?.input === inputs[jobs.indexOf(job)])).toEqual(
      inputs.map(() => true),
    );
  });
});

describe("connections with settings of the user's own", () => {
  const settings: readonly [string, (filename: string) => TestConnection, keyof typeof clients][] =
    [
      [
        "node:sqlite that reads BigInts",
        (filename) => new DatabaseSync(filename, { readBigInts: true }),
        "node:sqlite",
      ],
      [
        "node:sqlite that returns arrays",
        (filename) => new DatabaseSync(filename, { returnArrays: true }),
        "node:sqlite",
      ],
      [
        "node:sqlite without foreign keys",
        (filename) =>
          new DatabaseSync(filename, {
            enableForeignKeyConstraints: false,
          }),
        "node:sqlite",
      ],
      [
        "better-sqlite3 that reads BigInts",
        (filename) => {
          const connection = new Database(filename);
          connection.defaultSafeIntegers(true);
          return connection;
        },
        "better-sqlite3",
      ],
    ];

  it.each(settings)("%s may stand as tx", async (_name, connect, client) => {
    const state = await database.openMigrated({ provider: clients[client](database.filename) });
    const connection = connect(database.filename);
    const [chain, blocked] = [newChain(), newChain()];
    connection.exec("BEGIN IMMEDIATE");
    const blockers = [{ slot: "s", ordinal: 0, chainId: chain.chainId }];
    expect(
      await state.startChains({ tx: connection, chains: [chain, { ...blocked, blockers }] }),
    ).toMatchObject([{ jobStatus: "ready" }, { jobStatus: "blocked" }]);
    const [job] = await state.getJobs({
      tx: connection,
      keys: [{ chainId: blocked.chainId, chainIndex: 0 }],
    });
    expect(job).toMatchObject({ openBlockers: 1, createdAt: expect.any(Date) });
    await state.deleteChains({ tx: connection, chainIds: [blocked.chainId], cascade: false });
    connection.exec("COMMIT");
    connection.close();
    expect(
      await state.getJobs({ tx: undefined, keys: [{ chainId: chain.chainId, chainIndex: 0 }] }),
    ).toMatchObject([{ dependents: 0 }]);
    expect(await isThere(state, blocked.chainId)).toBe(false);
  });
});
