import { afterEach, beforeEach, describe, expect, it } from "vitest";

import {
  completeChains,
  createTestInstallation,
  type TestInstallation,
  type TestState,
} from "../migrations/installation.fixture.ts";
import { newChain, newChainId } from "../new-chain.fixture.ts";
import { printPartitioning } from "./print-partitioning.ts";

const dayMs = 86_400_000;
const partitions = { everyMs: dayMs };

let installation: TestInstallation;
beforeEach(async () => {
  installation = await createTestInstallation();
});
afterEach(async () => installation.dispose());

describe.each(["", "App_"])("an installation that is there, with the prefix %j", (tablePrefix) => {
  let state: TestState;
  beforeEach(async () => {
    state = await installation.openMigrated({ tablePrefix });
  });

  const divide = async (): Promise<void> => {
    const until = new Date(Date.now() + dayMs);
    await installation.query(
      printPartitioning({ schema: installation.schema, tablePrefix, partitions, until }),
    );
  };
  const statusOf = async ({
    chainId,
  }: {
    readonly chainId: string;
  }): Promise<string | undefined> => {
    const [chain] = await state.getChains({ tx: undefined, chainIds: [chainId] });
    return chain?.status;
  };

  it("is divided with its jobs in it, and those who use it go on", async () => {
    const [done, open] = [newChain(), newChain()];
    await state.startChains({ tx: undefined, chains: [done, open] });
    await completeChains(state, [done]);
    const waiting = newChain({ blockers: [{ slot: "one", ordinal: 0, chainId: open.chainId }] });
    await state.startChains({ tx: undefined, chains: [waiting] });
    await divide();

    const after = newChain();
    await state.startChains({ tx: undefined, chains: [after] });
    await completeChains(state, [open, after]);
    expect(await Promise.all([done, open, waiting, after].map(statusOf))).toEqual([
      "completed",
      "completed",
      "open",
      "completed",
    ]);
    await completeChains(state, [waiting]);
    expect(await statusOf(waiting)).toBe("completed");
    // Between the boundaries a chain is in one of the partitions that were made.
    const later = newChain({ chainId: newChainId(Date.now() + 2 * dayMs) });
    await state.startChains({ tx: undefined, chains: [later] });
    const [partition] = await installation.query(
      `SELECT tableoid::regclass::text FROM ${installation.schema}."${tablePrefix}job" WHERE chain_id = $1`,
      later.chainId,
    );
    expect(partition).toMatch(/job_p\d{8}_0000/);
  });

  it("is like one that was made so, and its first partition goes when it is past the age", async () => {
    const chain = newChain();
    await state.startChains({ tx: undefined, chains: [chain] });
    await completeChains(state, [chain]);
    await divide();
    const options = { tablePrefix, partitions };
    const divided = await installation.openMigrated(options);
    expect(await divided.checkSchema()).toEqual([]);
    const later = installation.open({ ...options, clock: () => Date.now() + 4 * dayMs });
    const { dropped } = await later.maintainPartitions({
      rules: { completed: { maxAgeMs: dayMs } },
    });
    expect(dropped[0]).toEqual({
      name: `${tablePrefix}job_before`,
      droppedCount: 1,
      movedCount: 0,
    });
    expect(await statusOf(chain)).toBeUndefined();
    expect(await divided.checkSchema()).toEqual([]);
  });
});

it("a bound that chains are beyond is refused by the database, and nothing is changed", async () => {
  const state = await installation.openMigrated();
  await state.startChains({
    tx: undefined,
    chains: [newChain({ chainId: newChainId(Date.now() + 3 * dayMs) })],
  });
  const until = new Date(Date.now() + dayMs);
  const sql = printPartitioning({ schema: installation.schema, partitions, until });
  await expect(installation.query(sql)).rejects.toMatchObject({ code: "23514" });
  expect(await state.checkSchema()).toEqual([]);
});

it("refuses a date that is none", () => {
  expect(() => printPartitioning({ partitions, until: new Date(Number.NaN) })).toThrow(
    expect.objectContaining({ code: "STORE_SETUP_INVALID" }),
  );
});
