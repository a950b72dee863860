import { BlockerUnusableError } from "queuert/adapter";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import {
  completeChains,
  createTestInstallation,
  type TestInstallation,
  type TestState,
} from "../migrations/installation.fixture.ts";
import { newChain, newChainId } from "../new-chain.fixture.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const firstMs = Date.UTC(2030, 0, 1, 12);
const partitions = { everyMs: dayMs, ahead: 2 };

let nowMs: number;
let installation: TestInstallation;
let state: TestState;
beforeEach(async () => {
  nowMs = firstMs;
  installation = await createTestInstallation();
  state = await openDivided();
});
afterEach(async () => installation.dispose());

async function openDivided(): Promise<TestState> {
  return installation.openMigrated({ partitions, clock: () => nowMs });
}

/** Starts chains at the time of the clock. */
async function start(fields: Parameters<typeof newChain>[0] = {}): Promise<{ chainId: string }> {
  const chain = newChain({ chainId: newChainId(nowMs), ...fields });
  await state.startChains({ tx: undefined, chains: [chain] });
  return chain;
}

async function listPartitions(): Promise<readonly unknown[]> {
  return installation.query(
    "SELECT relname::text FROM pg_class WHERE relnamespace = $1::regnamespace AND relispartition AND relkind = 'r' ORDER BY relname",
    installation.schema,
  );
}

async function partitionOf({ chainId }: { readonly chainId: string }): Promise<unknown> {
  const [name] = await installation.query(
    `SELECT relname::text FROM ${installation.schema}.job AS job JOIN pg_class ON pg_class.oid = job.tableoid WHERE chain_id = $1`,
    chainId,
  );
  return name;
}

async function count(table: string): Promise<number> {
  const [found] = await installation.query(
    `SELECT count(*)::integer FROM ${installation.schema}.${table}`,
  );
  return found as number;
}

const days = ["job_p20300101_0000", "job_p20300102_0000", "job_p20300103_0000"];

describe("making", () => {
  it("migrate makes the current partition and those ahead, and is content with them afterwards", async () => {
    expect(await listPartitions()).toEqual(["job_default", ...days]);
    expect(await state.migrate()).toMatchObject({ applied: [] });
    expect(await state.maintainPartitions()).toEqual({ made: [], dropped: [], isDeferred: false });
    expect(await partitionOf(await start())).toBe(days[0]);
  });

  it("C15: over the boundary chains go to the next partition, and another one is made ahead", async () => {
    nowMs += dayMs;
    expect(await partitionOf(await start())).toBe(days[1]);
    expect((await state.maintainPartitions()).made).toEqual(["job_p20300104_0000"]);
    expect(await partitionOf(await start())).toBe(days[1]);
  });

  it("C15: the beat of a worker makes them ahead", async () => {
    await state.promote({ limit: 10 });
    nowMs += dayMs;
    // Each process looks with its first beat, and then once in a while.
    await (await openDivided()).promote({ limit: 10 });
    expect(await listPartitions()).toContain("job_p20300104_0000");
  });

  it("a rule that makes no sense is refused", async () => {
    await expect(
      state.maintainPartitions({ rules: { completed: { maxAgeMs: -1 } } }),
    ).rejects.toMatchObject({ code: "OPTION_INVALID" });
  });

  it("C15: a start never fails for want of a partition; its chain comes along when that is made", async () => {
    nowMs += 3 * dayMs;
    const late = await start();
    expect(await partitionOf(late)).toBe("job_default");
    expect((await state.maintainPartitions()).made).toHaveLength(3);
    expect(await partitionOf(late)).toBe("job_p20300104_0000");
    expect(await count("job_default")).toBe(0);
    expect(await partitionOf(await start())).toBe("job_p20300104_0000");
  });

  it("a time with too many chains in the default partition stays there, and the next ones are made", async () => {
    nowMs += 3 * dayMs;
    await installation.query(
      `INSERT INTO ${installation.schema}.job (chain_id, created_at, scheduled_at, chain_index, priority, status, type)
       SELECT overlay($1::text PLACING lpad(n::text, 12, '0') FROM 25)::uuid, now(), now(), 0, 5, 'completed', 'work' FROM generate_series(1, 10001) AS n`,
      newChainId(nowMs),
    );
    expect((await state.maintainPartitions()).made).toEqual([
      "job_p20300105_0000",
      "job_p20300106_0000",
    ]);
    expect(await count("job_default")).toBe(10_001);
    expect(await state.maintainPartitions()).toMatchObject({ made: [], isDeferred: false });
  });

  it("a changed interval begins where the partitions of before end", async () => {
    const hourly = installation.open({
      partitions: { everyMs: 12 * hourMs, ahead: 6 },
      clock: () => nowMs,
    });
    expect((await hourly.maintainPartitions()).made).toEqual([
      "job_p20300104_0000",
      "job_p20300104_1200",
    ]);
    expect(await state.maintainPartitions()).toMatchObject({ made: [] });
  });

  it("eight processes make them once", async () => {
    nowMs += dayMs;
    const others = Array.from({ length: 8 }, () =>
      installation.open({ partitions, clock: () => nowMs }),
    );
    const reports = await Promise.all(others.map((other) => other.maintainPartitions()));
    expect(reports.flatMap(({ made }) => made)).toEqual(["job_p20300104_0000"]);
  });

  it("C12: gives up after lockTimeoutMs when somebody holds the table, and does it the next time", async () => {
    nowMs += dayMs;
    await state.transaction(async (tx) => {
      await tx.query(`SELECT count(*) FROM ${installation.schema}.job`);
      expect(await state.maintainPartitions({ lockTimeoutMs: 10 })).toEqual({
        made: [],
        dropped: [],
        isDeferred: true,
      });
    });
    expect((await state.maintainPartitions()).made).toHaveLength(1);
  });

  it("migrate refuses to divide a table that is there already", async () => {
    const other = { tablePrefix: "whole_" };
    const whole = await installation.openMigrated(other);
    await expect(installation.open({ ...other, partitions }).migrate()).rejects.toMatchObject({
      code: "STORE_SETUP_INVALID",
    });
    expect(await whole.maintainPartitions({ rules: { completed: { maxAgeMs: 0 } } })).toEqual({
      made: [],
      dropped: [],
      isDeferred: false,
    });
  });
});

describe("dropping", () => {
  const rules = { completed: { maxAgeMs: dayMs } };

  it("a partition goes once every chain in it is past the age, with all that belongs to them", async () => {
    const chains = [
      await start({ labels: { tenant: "a" } }),
      await start({ deduplication: { key: "k", scope: "any" } as never }),
    ];
    await completeChains(state, chains);
    nowMs = firstMs + 1.5 * dayMs - 1;
    expect((await state.maintainPartitions({ rules })).dropped).toEqual([]);
    nowMs += 1;
    expect(await state.maintainPartitions({ rules })).toMatchObject({
      dropped: [{ name: days[0], droppedCount: 2, movedCount: 0 }],
      isDeferred: false,
    });
    expect(await listPartitions()).not.toContain(days[0]);
    expect(await count("job")).toBe(0);
    expect(await count("chain_label")).toBe(0);
    expect(await count("deduplication")).toBe(0);
    expect(await state.getChains({ tx: undefined, chainIds: [chains[0]!.chainId] })).toEqual([
      undefined,
    ]);
  });

  it("chains that have to stay move to the default partition, and go on", async () => {
    const open = await start({ labels: { tenant: "a" } });
    const cancelled = await start();
    await state.cancel({
      tx: undefined,
      chainIds: [cancelled.chainId],
      reason: undefined,
      cascade: false,
    });
    const done = await start();
    const needed = await start();
    await completeChains(state, [done, needed]);
    nowMs += dayMs;
    const waiting = await start({
      blockers: [{ slot: "one", ordinal: 0, chainId: needed.chainId }],
    });
    const late = await start({ chainId: newChainId(firstMs) });
    nowMs += dayMs;
    await completeChains(state, [late]);
    nowMs += hourMs;
    expect((await state.maintainPartitions({ rules })).dropped).toMatchObject([
      { droppedCount: 1, movedCount: 4 },
    ]);
    for (const kept of [open, cancelled, needed, late])
      expect(await partitionOf(kept)).toBe("job_default");
    expect(await partitionOf(done)).toBeUndefined();
    expect(await count("chain_label")).toBe(1);
    await completeChains(state, [open, waiting]);
    const found = await state.getChains({
      tx: undefined,
      chainIds: [open.chainId, waiting.chainId, needed.chainId],
    });
    expect(found.map((chain) => chain?.status)).toEqual(["completed", "completed", "completed"]);
  });

  it("dependents of what stays are counted down, and edges of jobs that are over are deleted", async () => {
    const lasting = await start();
    const early = await start();
    const waiter = await start({
      blockers: [{ slot: "one", ordinal: 0, chainId: lasting.chainId }],
    });
    await completeChains(state, [early]);
    nowMs += dayMs;
    const over = await start({ blockers: [{ slot: "one", ordinal: 0, chainId: early.chainId }] });
    await completeChains(state, [over]);
    await state.cancel({
      tx: undefined,
      chainIds: [waiter.chainId],
      reason: undefined,
      cascade: false,
    });
    nowMs += dayMs;
    const cancelled = { maxAgeMs: 0 };
    expect(
      (await state.maintainPartitions({ rules: { ...rules, cancelled } })).dropped,
    ).toMatchObject([{ droppedCount: 2, movedCount: 1 }]);
    expect(await count("job_blocker")).toBe(0);
    expect(
      await installation.query(
        `SELECT dependents FROM ${installation.schema}.job WHERE chain_id = $1`,
        lasting.chainId,
      ),
    ).toEqual([0]);
  });

  it("C12: gives up after lockTimeoutMs, having changed nothing", async () => {
    const done = await start({ labels: { tenant: "a" } });
    await completeChains(state, [done]);
    nowMs += 2 * dayMs;
    await state.maintainPartitions();
    await state.transaction(async (tx) => {
      await state.startChains({ tx, chains: [newChain({ chainId: newChainId(nowMs) })] });
      expect(await state.maintainPartitions({ rules, lockTimeoutMs: 10 })).toEqual({
        made: [],
        dropped: [],
        isDeferred: true,
      });
    });
    expect(await count("chain_label")).toBe(1);
    expect((await state.maintainPartitions({ rules })).dropped).toHaveLength(1);
    expect(await count("chain_label")).toBe(0);
  });

  it("a job of the database's own does both, with the statements of the docs", async () => {
    nowMs = Date.now();
    const { schema, query } = installation;
    const every = "7 * 24 * 3600000";
    const options = { tablePrefix: "own_", partitions: { everyMs: 7 * dayMs, ahead: 1 } };
    await installation.openMigrated(options);
    expect(await query(`SELECT ${schema}.own_make_partitions(NULL, ${every}, 3, 500)`)).toEqual([
      [[expect.stringMatching(/^own_job_p\d{8}_0000$/), expect.any(String)], false],
    ]);
    expect(
      await query(
        `SELECT ${schema}.own_drop_oldest_partition(NULL, '{completed,cancelled}', '{2592000000,2592000000}', 500)`,
      ),
    ).toEqual([null]);
  });

  it("several partitions go in one call, the oldest first, and nothing goes without an age", async () => {
    for (let day = 0; day < 3; day += 1) {
      await completeChains(state, [await start()]);
      nowMs += dayMs;
    }
    nowMs += dayMs;
    expect(await state.maintainPartitions({ rules: { completed: { maxCount: 0 } } })).toMatchObject(
      { dropped: [] },
    );
    const { dropped } = await state.maintainPartitions({ rules });
    expect(dropped.map(({ name }) => name)).toEqual(days);
  });
});

it("C2 C15: starts, completions and waits that go on beside it lose nothing", async () => {
  const minuteMs = 60_000;
  const hourly = installation.open({
    partitions: { everyMs: hourMs, ahead: 1 },
    tablePrefix: "busy_",
    clock: () => nowMs,
  });
  await hourly.migrate();
  state = hourly;
  const rules = { completed: { maxAgeMs: hourMs } };
  const open: { chainId: string }[] = [];
  let recent: { chainId: string }[] = [];
  const refusals: unknown[] = [];
  let droppedCount = 0;

  const startWaiting = async (blocker: { readonly chainId: string }): Promise<void> => {
    try {
      const blockers = [{ slot: "one", ordinal: 0, chainId: blocker.chainId }];
      open.push(await start({ blockers }));
    } catch (error) {
      refusals.push(error);
    }
  };

  for (let round = 0; round < 24; round += 1) {
    const started = await Promise.all(Array.from({ length: 4 }, async () => start()));
    open.push(started[0]!);
    const [report] = await Promise.all([
      hourly.maintainPartitions({ rules, lockTimeoutMs: 50 }),
      completeChains(hourly, started.slice(1)),
      ...recent.slice(-8).map(startWaiting),
      ...Array.from({ length: 4 }, async () => open.push(await start())),
    ]);
    droppedCount += report.dropped.length;
    recent = [...recent, ...started.slice(1)].slice(-24);
    nowMs += 20 * minuteMs;
  }

  droppedCount += (await hourly.maintainPartitions({ rules })).dropped.length;
  expect(droppedCount).toBeGreaterThan(2);
  // What they were to wait for went first.
  expect(refusals.filter((error) => !(error instanceof BlockerUnusableError))).toEqual([]);
  const found = await hourly.getChains({ tx: undefined, chainIds: open.map((one) => one.chainId) });
  expect(found.filter((chain) => chain?.status !== "open")).toEqual([]);
  const { schema } = installation;
  expect(
    await installation.query(
      `SELECT root.chain_id FROM ${schema}.busy_job AS root WHERE root.chain_index = 0 AND root.dependents <>
         (SELECT count(*) FROM ${schema}.busy_job_blocker AS edge WHERE edge.blocked_by_chain_id = root.chain_id)
       UNION SELECT edge.blocked_by_chain_id FROM ${schema}.busy_job_blocker AS edge
         WHERE NOT EXISTS (SELECT FROM ${schema}.busy_job AS root WHERE root.chain_id = edge.blocked_by_chain_id)`,
    ),
  ).toEqual([]);
});
