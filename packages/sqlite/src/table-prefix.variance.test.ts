import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { createSqliteNotifyAdapter } from "./create-sqlite-notify-adapter.ts";
import {
  claim,
  createSignal,
  createTestDatabase,
  isThere,
  newChain,
  registerWorker,
  type TestDatabase,
} from "./sqlite.fixture.ts";

let database: TestDatabase;
beforeEach(() => {
  database = createTestDatabase();
});
afterEach(async () => database.dispose());

describe("tablePrefix", () => {
  it.each([
    "",
    "1st_",
    "a-b",
    'a"; DROP TABLE x; --',
    "a b",
    "ä_",
    "sqlite_",
    "SQLite_x",
    "x".repeat(42),
    "a\n",
    "{job}",
  ])("refuses %j before anything is opened", (tablePrefix) => {
    expect(() => database.open({ tablePrefix })).toThrow(
      expect.objectContaining({ code: "STORE_SETUP_INVALID" }),
    );
  });

  it.each(["_", "Q", "queuert_", "select", "x".repeat(41)])("takes %j", async (tablePrefix) => {
    const state = await database.openMigrated({ tablePrefix });
    const chain = newChain();
    await state.startChains({ tx: undefined, chains: [chain] });
    expect(await isThere(state, chain.chainId)).toBe(true);
  });

  it("P9 A15: two installations in one file never see each other", async () => {
    const [one, two] = [
      await database.openMigrated({ tablePrefix: "one_" }),
      await database.openMigrated({ tablePrefix: "two_" }),
    ];
    const chain = newChain({
      labels: { key: "value" },
      deduplication: { key: "k", scope: "any", windowMs: undefined, onDuplicate: "keep" },
    });
    await one.startChains({ tx: undefined, chains: [chain] });
    await one.setTypesPaused({ tx: undefined, types: ["work"], isPaused: true });
    const workerId = await registerWorker(two);
    expect(await claim(two, workerId)).toEqual([]);
    expect(await isThere(two, chain.chainId)).toBe(false);
    expect(await two.listTypes()).toEqual([]);
    expect(await two.startChains({ tx: undefined, chains: [chain] })).toMatchObject([
      { outcome: "created" },
    ]);
    expect(await claim(two, workerId)).toHaveLength(1);
    expect(await one.listWorkers({ limit: 10 })).toEqual([]);
  });

  it("P9: no name of a table or index ends with another one, so that no two prefixes can meet", async () => {
    await database.openMigrated({ tablePrefix: "p_" });
    const rows = database
      .connect()
      .prepare("SELECT name FROM sqlite_schema WHERE name LIKE 'p\\_%' ESCAPE '\\'")
      .all() as { name: string }[];
    const names = rows.map(({ name }) => name.slice("p_".length));
    expect(names).toContain("job_by_readiness");
    const clashes = names.flatMap((name) =>
      names.filter((other) => name.endsWith(`_${other}`)).map((other) => `${name} / ${other}`),
    );
    expect(clashes).toEqual([]);
  });

  it("P9: a wake-up of one installation does not reach the other in the same process", async () => {
    const [one, two] = [
      await database.openMigrated({ tablePrefix: "one_" }),
      await database.openMigrated({ tablePrefix: "two_" }),
    ];
    // An hour between two looks at the file: what arrives came through the process.
    const [publisher, neighbour, sibling] = [one, two, one].map((state) =>
      createSqliteNotifyAdapter({ state, intervalMs: 3_600_000 }),
    );
    const topics = [{ kind: "type", type: "work" }] as const;
    const heard: string[] = [];
    await neighbour!.subscribe({ topics, onWakeUp: () => heard.push("neighbour") });
    const reached = createSignal();
    await sibling!.subscribe({
      topics,
      onWakeUp: () => {
        heard.push("sibling");
        reached.send();
      },
    });
    await publisher!.publish(topics);
    await reached.reached;
    expect(heard).toEqual(["sibling"]);
    await Promise.all([publisher, neighbour, sibling].map(async (notify) => notify!.close()));
  });
});

describe("identifier injection", () => {
  const nasty = `'; DROP TABLE queuert_job; -- {job} ? :a @b $c "x"`;

  it("takes any text as type, key, label and payload, and gives it back", async () => {
    const state = await database.openMigrated();
    const chain = newChain({
      type: nasty,
      input: nasty,
      labels: { [nasty]: nasty, __proto__: "x" },
      deduplication: { key: nasty, scope: "open", windowMs: undefined, onDuplicate: "keep" },
      traceContext: nasty,
    });
    await state.startChains({ tx: undefined, chains: [chain] });
    const workerId = await registerWorker(state);
    expect(await claim(state, workerId, [nasty])).toMatchObject([
      { type: nasty, input: nasty, traceContext: nasty },
    ]);
    const page = await state.listChains({
      filter: { types: [nasty], label: { key: nasty, value: nasty } },
      order: "newest",
      after: undefined,
      limit: 10,
    });
    expect(page.map(({ chainId }) => chainId)).toEqual([chain.chainId]);
    await state.setTypesPaused({ tx: undefined, types: [nasty], isPaused: true });
    expect(await state.listTypes()).toEqual([{ type: nasty, isPaused: true }]);
    expect(
      await state.cancel({
        tx: undefined,
        chainIds: [chain.chainId, nasty],
        reason: nasty,
        cascade: true,
      }),
    ).toMatchObject([{ outcome: "cancelled" }, { outcome: "notFound" }]);
  });
});
