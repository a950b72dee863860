import { afterEach, beforeEach, describe, expect, it } from "vitest";

import {
  claim,
  clientNames,
  createSignal,
  createTestDatabase,
  isThere,
  newChain,
  registerWorker,
  type TestConnection,
  type TestDatabase,
} from "../sqlite.fixture.ts";

describe.each(clientNames)("transactions with %s", (client) => {
  let database: TestDatabase;
  beforeEach(() => {
    database = createTestDatabase(client);
  });
  afterEach(async () => database.dispose());

  it("C5: every call that would wait for its own transaction throws TransactionNestedError", async () => {
    const state = await database.openMigrated();
    const nested = { code: "TRANSACTION_NESTED" };
    const chainIds = [newChain().chainId];
    const ask = { types: [{ type: "work", limit: 1 }], slots: 1, ahead: 0 };
    await state.transaction(async () => {
      await expect(state.transaction(async () => undefined)).rejects.toMatchObject(nested);
      await expect(
        state.startChains({ tx: undefined, chains: [newChain()] }),
      ).rejects.toMatchObject(nested);
      await expect(
        state.exchange({ workerId: "w", settlements: [], started: [], claim: ask }),
      ).rejects.toMatchObject(nested);
      await expect(
        state.renew({ workerId: "w", leaseMs: 1_000, held: [], started: [], progress: [] }),
      ).rejects.toMatchObject(nested);
      await expect(state.reap({ limit: 1, attemptLimits: [] })).rejects.toMatchObject(nested);
      await expect(state.promote({ limit: 1 })).rejects.toMatchObject(nested);
      await expect(state.redrive({ tx: undefined, chainIds })).rejects.toMatchObject(nested);
      await expect(state.migrate()).rejects.toMatchObject(nested);
      await expect(state.close()).rejects.toMatchObject(nested);
    });
    expect(await state.countChains({ filter: {}, cap: 10 })).toBe(0);
  });

  it("C5: reads without the transaction answer from the reader, and do not see it", async () => {
    const state = await database.openMigrated();
    const chain = newChain();
    await state.transaction(async (tx) => {
      await state.startChains({ tx, chains: [chain] });
      expect(await isThere(state, chain.chainId)).toBe(false);
      expect(await isThere(state, chain.chainId, tx)).toBe(true);
    });
    expect(await isThere(state, chain.chainId)).toBe(true);
  });

  it("C5: work that was begun in a transaction and goes on after it is not refused", async () => {
    const state = await database.openMigrated();
    const over = createSignal();
    const chain = newChain();
    let later: Promise<unknown> | undefined;
    await state.transaction(async () => {
      later = over.reached.then(async () => state.startChains({ tx: undefined, chains: [chain] }));
    });
    over.send();
    await later;
    expect(await isThere(state, chain.chainId)).toBe(true);
  });

  it("C6: a transaction that is over cannot write into the next one, which has the same connection", async () => {
    const state = await database.openMigrated();
    const [over, refused] = [createSignal(), createSignal()];
    const chain = newChain();
    let late: Promise<unknown> | undefined;
    await state.transaction(async (tx) => {
      late = over.reached.then(async () => {
        await expect(state.startChains({ tx, chains: [chain] })).rejects.toMatchObject({
          code: "TRANSACTION_INVALID",
        });
        refused.send();
      });
    });
    await state.transaction(async () => {
      over.send();
      await refused.reached;
    });
    await late;
    expect(await isThere(state, chain.chainId)).toBe(false);
  });

  it("C5: a transaction of another adapter is no enclosing one", async () => {
    const [state, other] = [await database.openMigrated(), createTestDatabase(client)];
    const elsewhere = await other.openMigrated();
    const chain = newChain();
    await state.transaction(async () => elsewhere.startChains({ tx: undefined, chains: [chain] }));
    expect(await isThere(elsewhere, chain.chainId)).toBe(true);
    await other.dispose();
  });

  it("throws what run threw, a client's error too, and rolls back", async () => {
    const state = await database.openMigrated();
    const chain = newChain();
    const failure = await state
      .transaction(async (tx) => {
        await state.startChains({ tx, chains: [chain] });
        tx.exec("SELECT * FROM missing");
      })
      .catch((error: unknown) => error);
    expect((failure as Error).message).toContain("missing");
    expect((failure as { code: string }).code).toMatch(/SQLITE/);
    expect(await isThere(state, chain.chainId)).toBe(false);
  });

  it("names the mistake of a transaction that was ended inside", async () => {
    const state = await database.openMigrated();
    await expect(state.transaction(async (tx) => tx.exec("COMMIT"))).rejects.toMatchObject({
      code: "TRANSACTION_INVALID",
    });
    await expect(state.transaction(async () => "next")).resolves.toBe("next");
  });

  describe("a connection that the user opened", () => {
    const inTransaction = async (
      connection: TestConnection,
      run: () => Promise<unknown>,
      end: "COMMIT" | "ROLLBACK",
    ): Promise<void> => {
      connection.exec("BEGIN IMMEDIATE");
      await run();
      connection.exec(end);
    };

    it("P1 P2: carries starts and settlements with its own rows, to its commit or its rollback", async () => {
      const state = await database.openMigrated();
      const connection = database.connect();
      connection.exec("CREATE TABLE own (text TEXT)");
      const [kept, undone] = [newChain(), newChain()];
      await inTransaction(
        connection,
        async () => state.startChains({ tx: connection, chains: [undone] }),
        "ROLLBACK",
      );
      await inTransaction(
        connection,
        async () => state.startChains({ tx: connection, chains: [kept] }),
        "COMMIT",
      );
      expect([await isThere(state, kept.chainId), await isThere(state, undone.chainId)]).toEqual([
        true,
        false,
      ]);

      const workerId = await registerWorker(state);
      const [job] = await claim(state, workerId);
      const settlements = [{ ...job!, outcome: { kind: "completed", output: "1" } as const }];
      await inTransaction(
        connection,
        async () => {
          connection.exec("INSERT INTO own VALUES ('row')");
          expect(await state.settle({ tx: connection, workerId, settlements })).toMatchObject([
            { kind: "settled" },
          ]);
        },
        "COMMIT",
      );
      expect(await state.getChains({ tx: undefined, chainIds: [kept.chainId] })).toMatchObject([
        { status: "completed", output: "1" },
      ]);
      expect(connection.prepare("SELECT text FROM own").all()).toHaveLength(1);
    });

    it("P1: an operation that throws has changed nothing, and the transaction goes on", async () => {
      const state = await database.openMigrated();
      const connection = database.connect();
      const [failing, after] = [newChain(), newChain()];
      const unusable = newChain({
        blockers: [{ slot: "s", ordinal: 0, chainId: newChain().chainId }],
      });
      await inTransaction(
        connection,
        async () => {
          await expect(
            state.startChains({ tx: connection, chains: [failing, unusable] }),
          ).rejects.toMatchObject({ code: "BLOCKER_UNUSABLE" });
          await state.startChains({ tx: connection, chains: [after] });
        },
        "COMMIT",
      );
      expect([await isThere(state, failing.chainId), await isThere(state, after.chainId)]).toEqual([
        false,
        true,
      ]);
    });

    it("P1: savepoints nest in it, and side by side they take turns", async () => {
      const state = await database.openMigrated();
      const connection = database.connect();
      const [first, second, third] = [newChain(), newChain(), newChain()];
      const [firstBegan, firstMayEnd] = [createSignal(), createSignal()];
      await inTransaction(
        connection,
        async () => {
          const failing = state.savepoint(connection, async () => {
            await state.savepoint(connection, async () =>
              state.startChains({ tx: connection, chains: [first] }),
            );
            firstBegan.send();
            await firstMayEnd.reached;
            throw new Error("undo");
          });
          await firstBegan.reached;
          const beside = state.savepoint(connection, async () =>
            state.startChains({ tx: connection, chains: [second] }),
          );
          firstMayEnd.send();
          await expect(failing).rejects.toThrow("undo");
          await beside;
          await state.startChains({ tx: connection, chains: [third] });
        },
        "COMMIT",
      );
      expect(
        await Promise.all(
          [first, second, third].map(async ({ chainId }) => isThere(state, chainId)),
        ),
      ).toEqual([false, true, true]);
    });

    it("is refused while it is in no transaction, and when it is closed", async () => {
      const state = await database.openMigrated();
      const connection = database.connect();
      const chains = [newChain()];
      const invalid = { code: "TRANSACTION_INVALID" };
      await expect(state.startChains({ tx: connection, chains })).rejects.toMatchObject(invalid);
      await expect(state.savepoint(connection, async () => undefined)).rejects.toMatchObject(
        invalid,
      );
      await expect(
        state.getChains({ tx: connection, chainIds: [chains[0]!.chainId] }),
      ).rejects.toMatchObject(invalid);
      const closed = createTestDatabase(client);
      const other = closed.connect();
      other.exec("BEGIN");
      await closed.dispose();
      await expect(state.startChains({ tx: other, chains })).rejects.toMatchObject(invalid);
    });

    it("is told when its file has no tables", async () => {
      const state = await database.openMigrated();
      const other = createTestDatabase(client);
      const connection = other.connect();
      connection.exec("BEGIN IMMEDIATE");
      await expect(
        state.startChains({ tx: connection, chains: [newChain()] }),
      ).rejects.toMatchObject({ code: "STORE_SETUP_INVALID" });
      connection.exec("ROLLBACK");
      await other.dispose();
    });

    it("loses to a commit that came after its own snapshot: StoreConflictError, with the client's error as its cause", async () => {
      const state = await database.openMigrated();
      const connection = database.connect();
      connection.exec("BEGIN");
      connection.prepare("SELECT count(*) FROM queuert_job").get();
      await state.startChains({ tx: undefined, chains: [newChain()] });
      const conflict = await state
        .startChains({ tx: connection, chains: [newChain()] })
        .catch((error: unknown) => error);
      expect(conflict).toMatchObject({ code: "STORE_CONFLICT", isRetryable: true });
      expect((conflict as Error).cause).toBeInstanceOf(Error);
      connection.exec("ROLLBACK");
    });
  });
});
