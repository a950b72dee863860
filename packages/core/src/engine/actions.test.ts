import { describe, expect, test } from "vitest";
import {
  createOperationsFixture,
  errorText,
  nextJob,
} from "../client/operate/fixtures/operations-fixture.ts";
import { OptionInvalidError } from "../errors/value-errors.ts";
import { TransactionInvalidError } from "../errors/store-errors.ts";
import {
  cancelChains,
  deleteChains,
  redriveChains,
  rescheduleChains,
  setTypesPaused,
  triggerChains,
} from "./actions.ts";
import { runTransaction } from "./transaction-hooks.ts";

const tx = "autocommit";
const later = { delayMs: 60_000 };

describe("cancelChains", () => {
  test("tells the worker that runs the chain and those who await it", async () => {
    const { context, start, addWorker, claim, takeSignals } = createOperationsFixture();
    await addWorker("w1", ["order.reserve"]);
    const chainId = await start();
    await claim("w1", "order.reserve");
    const results = await cancelChains(context, {
      tx,
      chainIds: [chainId, "nowhere"],
      reason: "not wanted",
    });
    expect(results).toEqual([
      { chainId, outcome: "cancelled" },
      { chainId: "nowhere", outcome: "notFound" },
    ]);
    expect(takeSignals()).toEqual({
      events: [
        {
          name: "chain.closed",
          chainId,
          chainType: "order.reserve",
          status: "cancelled",
          durationMs: 0,
          jobCount: 1,
        },
      ],
      topics: [
        { kind: "chain", chainId },
        { kind: "worker", workerId: "w1" },
      ],
    });
  });

  test("leaves a chain that others wait for, and says who, unless it cascades", async () => {
    const { context, start, takeSignals } = createOperationsFixture();
    const rate = await start({ type: "rate.fetch" });
    const waiting = await start({ blockers: [{ slot: "rate", ordinal: 0, chainId: rate }] });
    expect(await cancelChains(context, { tx, chainIds: [rate] })).toEqual([
      { chainId: rate, outcome: "hasDependants", dependants: [waiting] },
    ]);
    expect(takeSignals()).toEqual({ events: [], topics: [] });
    expect(await cancelChains(context, { tx, chainIds: [rate], cascade: true })).toEqual([
      { chainId: rate, outcome: "cancelled" },
      { chainId: waiting, outcome: "cancelled" },
    ]);
    expect(takeSignals().topics).toEqual([
      { kind: "chain", chainId: rate },
      { kind: "chain", chainId: waiting },
    ]);
  });

  test.each(["", "x".repeat(2_001), "nul\u0000", "\ud800"])(
    "refuses the reason %j before it writes",
    async (reason) => {
      const { context, start } = createOperationsFixture();
      const chainId = await start();
      await expect(cancelChains(context, { tx, chainIds: [chainId], reason })).rejects.toThrow(
        OptionInvalidError,
      );
      expect(await context.state.getChains({ tx: undefined, chainIds: [chainId] })).toMatchObject([
        { status: "open" },
      ]);
    },
  );
});

describe("deleteChains", () => {
  test("tells the worker that runs the chain and those who await it", async () => {
    const { context, start, addWorker, claim, takeSignals } = createOperationsFixture();
    await addWorker("w1", ["order.reserve"]);
    const chainId = await start();
    await claim("w1", "order.reserve");
    expect(await deleteChains(context, { tx, chainIds: [chainId, "nowhere"] })).toEqual([
      { chainId, outcome: "deleted" },
      { chainId: "nowhere", outcome: "notFound" },
    ]);
    expect(takeSignals()).toEqual({
      events: [{ name: "chain.deleted", chainId, chainType: "order.reserve" }],
      topics: [
        { kind: "chain", chainId },
        { kind: "worker", workerId: "w1" },
      ],
    });
  });

  test("leaves a chain that others name, and says who, unless it cascades", async () => {
    const { context, start } = createOperationsFixture();
    const rate = await start({ type: "rate.fetch" });
    const waiting = await start({ blockers: [{ slot: "rate", ordinal: 0, chainId: rate }] });
    expect(await deleteChains(context, { tx, chainIds: [rate] })).toEqual([
      { chainId: rate, outcome: "referenced", references: [waiting] },
    ]);
    expect(await deleteChains(context, { tx, chainIds: [rate], cascade: true })).toEqual([
      { chainId: rate, outcome: "deleted" },
      { chainId: waiting, outcome: "deleted" },
    ]);
  });
});

describe("redriveChains", () => {
  test("names the type that the chain began with, and wakes the workers of the job that failed", async () => {
    const { context, start, addWorker, run, takeSignals } = createOperationsFixture();
    await addWorker("w1", ["order.reserve", "order.ship"]);
    const chainId = await start();
    await run("w1", "order.reserve", {
      kind: "continued",
      next: nextJob("order.ship"),
      isSticky: false,
    });
    await run("w1", "order.ship", { kind: "failed", error: errorText("no address") });
    const open = await start();
    expect(await redriveChains(context, { tx, chainIds: [chainId, open, "nowhere"] })).toEqual([
      { chainId, outcome: "redriven" },
      { chainId: open, outcome: "notFailed" },
      { chainId: "nowhere", outcome: "notFound" },
    ]);
    expect(takeSignals()).toEqual({
      events: [{ name: "chain.redriven", chainId, chainType: "order.reserve" }],
      topics: [{ kind: "type", type: "order.ship" }],
    });
  });
});

describe("triggerChains and rescheduleChains", () => {
  test("tell the workers of the job's type", async () => {
    const { context, start, takeSignals } = createOperationsFixture();
    const chainId = await start({ schedule: later });
    const job = { jobId: `${chainId}:0`, chainId, type: "order.reserve" };
    const topics = [{ kind: "type", type: "order.reserve" }];
    expect(
      await rescheduleChains(context, { tx, chainIds: [chainId, "nowhere"], delayMs: 5_000 }),
    ).toEqual([
      { chainId, outcome: "rescheduled" },
      { chainId: "nowhere", outcome: "notFound" },
    ]);
    expect(takeSignals()).toEqual({ events: [{ name: "job.rescheduled", ...job }], topics });
    expect(await triggerChains(context, { tx, chainIds: [chainId, "nowhere"] })).toEqual([
      { chainId, outcome: "triggered" },
      { chainId: "nowhere", outcome: "notFound" },
    ]);
    expect(takeSignals()).toEqual({ events: [{ name: "job.triggered", ...job }], topics });
    expect(await triggerChains(context, { tx, chainIds: [chainId] })).toEqual([
      { chainId, outcome: "notTriggerable" },
    ]);
    expect(takeSignals()).toEqual({ events: [], topics: [] });
  });

  test("wake nobody for a job that waits for other chains", async () => {
    const { context, start, takeSignals } = createOperationsFixture();
    const rate = await start({ type: "rate.fetch" });
    const chainId = await start({ blockers: [{ slot: "rate", ordinal: 0, chainId: rate }] });
    expect(
      await rescheduleChains(context, { tx, chainIds: [chainId], scheduledAt: new Date(0) }),
    ).toEqual([{ chainId, outcome: "rescheduled" }]);
    expect(takeSignals()).toMatchObject({ events: [{ name: "job.rescheduled" }], topics: [] });
  });

  test.each([
    {},
    { delayMs: 1, scheduledAt: new Date(0) },
    { delayMs: -1 },
    { scheduledAt: new Date(Number.NaN) },
  ])("refuse the time %j", async (time) => {
    const { context, start } = createOperationsFixture();
    const chainIds = [await start({ schedule: later })];
    await expect(rescheduleChains(context, { tx, chainIds, ...time })).rejects.toThrow(
      OptionInvalidError,
    );
  });
});

describe("setTypesPaused", () => {
  test("wakes workers when types may be claimed again", async () => {
    const { context, takeSignals } = createOperationsFixture();
    await setTypesPaused(context, { tx, types: ["a", "b"], isPaused: true });
    expect(takeSignals()).toEqual({
      events: [
        { name: "type.paused", type: "a" },
        { name: "type.paused", type: "b" },
      ],
      topics: [],
    });
    await setTypesPaused(context, { tx, types: ["a"], isPaused: false });
    expect(takeSignals()).toEqual({
      events: [{ name: "type.resumed", type: "a" }],
      topics: [{ kind: "type", type: "a" }],
    });
    expect(await context.state.listTypes()).toEqual([
      { type: "a", isPaused: false },
      { type: "b", isPaused: true },
    ]);
  });
});

describe("the signals of an action (P6)", () => {
  test("wait for the commit of the transaction it was made in", async () => {
    const { context, start, takeSignals } = createOperationsFixture();
    const chainId = await start();
    await runTransaction(context, async (transaction) => {
      await cancelChains(context, { tx: transaction, chainIds: [chainId] });
      expect(takeSignals()).toEqual({ events: [], topics: [] });
    });
    expect(takeSignals().events).toEqual([
      {
        name: "chain.closed",
        chainId,
        chainType: "order.reserve",
        status: "cancelled",
        durationMs: 0,
        jobCount: 1,
      },
    ]);
  });

  test("are dropped with a transaction that rolls back", async () => {
    const { context, start, takeSignals } = createOperationsFixture();
    const chainId = await start();
    const rolledBack = runTransaction(context, async (transaction) => {
      await cancelChains(context, { tx: transaction, chainIds: [chainId] });
      throw new Error("no");
    });
    await expect(rolledBack).rejects.toThrow("no");
    expect(takeSignals()).toEqual({ events: [], topics: [] });
    expect(await context.state.getChains({ tx: undefined, chainIds: [chainId] })).toMatchObject([
      { status: "open" },
    ]);
  });

  test("need a transaction, or the word for none", async () => {
    const { context } = createOperationsFixture();
    await expect(triggerChains(context, { tx: undefined as never, chainIds: [] })).rejects.toThrow(
      TransactionInvalidError,
    );
  });
});
