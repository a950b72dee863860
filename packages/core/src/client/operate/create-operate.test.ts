import { describe, expect, test } from "vitest";
import { runTransaction } from "../../engine/transaction-hooks.ts";
import { OperationRefusedError } from "../../errors/machine-errors.ts";
import { OptionInvalidError } from "../../errors/value-errors.ts";
import type { MemoryTransaction } from "../../memory/sessions.ts";
import type { DomainEvent } from "../../ports/telemetry.ts";
import { createOperate } from "./create-operate.ts";
import {
  createOperationsFixture,
  errorText,
  type OperationsFixture,
} from "./fixtures/operations-fixture.ts";
import type { AuthorizeRequest, Operate, OperateOptions } from "./operate-api.ts";

const tx = "autocommit";
const later = { delayMs: 60_000 };

function create(options: OperateOptions = {}): OperationsFixture & {
  readonly operate: Operate<MemoryTransaction>;
  readonly statuses: () => Promise<(string | undefined)[]>;
} {
  const fixture = createOperationsFixture();
  const operate = createOperate(fixture.context, options);
  const statuses = async (): Promise<(string | undefined)[]> => {
    const chains = await fixture.context.state.listChains({
      filter: {},
      order: "oldest",
      after: undefined,
      limit: 10_000,
    });
    return chains.map(({ status }) => status);
  };
  return { ...fixture, operate, statuses };
}

function auditOf(events: readonly DomainEvent[]): readonly DomainEvent[] {
  return events.filter(({ name }) => name === "operate.action");
}

/** Makes `count` chains that have failed. */
async function startFailed(
  { start, addWorker, run }: OperationsFixture,
  count: number,
): Promise<string[]> {
  await addWorker("failing", ["rate.fetch"]);
  const chainIds: string[] = [];
  for (let index = 0; index < count; index++) {
    chainIds.push(await start({ type: "rate.fetch" }));
    await run("failing", "rate.fetch", { kind: "failed", error: errorText("down") });
  }
  return chainIds;
}

describe("an action", () => {
  test("answers as the client's does, and is told with who did it, why, and to how many", async () => {
    const { operate, start, takeSignals } = create();
    const chainId = await start();
    const chainIds = [chainId, "nowhere"];
    expect(await operate.cancel({ tx, chainIds, actor: "Ada", reason: "not wanted" })).toEqual([
      { chainId, outcome: "cancelled" },
      { chainId: "nowhere", outcome: "notFound" },
    ]);
    expect(takeSignals().events).toEqual([
      {
        name: "chain.closed",
        chainId,
        chainType: "order.reserve",
        status: "cancelled",
        durationMs: 0,
        jobCount: 1,
      },
      {
        name: "operate.action",
        action: "cancel",
        actor: "Ada",
        reason: "not wanted",
        chainIds,
        types: [],
        affectedCount: 1,
      },
    ]);
  });

  test("is told under each name, also when it affected nothing", async () => {
    const fixture = create({ actor: "the night shift" });
    const { operate, start, takeSignals } = fixture;
    const [failed] = await startFailed(fixture, 1);
    const scheduled = await start({ schedule: later });
    await operate.redrive({ tx, chainIds: [failed!] });
    await operate.trigger({ tx, chainIds: ["nowhere"] });
    await operate.reschedule({ tx, chainIds: [scheduled], delayMs: 1 });
    await operate.deleteChains({ tx, chainIds: [scheduled] });
    await operate.pauseTypes({ tx, types: ["rate.fetch"] });
    await operate.resumeTypes({ tx, types: ["rate.fetch"] });
    const told = { name: "operate.action", actor: "the night shift", reason: undefined };
    expect(auditOf(takeSignals().events)).toEqual([
      { ...told, action: "redrive", chainIds: [failed], types: [], affectedCount: 1 },
      { ...told, action: "trigger", chainIds: ["nowhere"], types: [], affectedCount: 0 },
      { ...told, action: "reschedule", chainIds: [scheduled], types: [], affectedCount: 1 },
      { ...told, action: "delete", chainIds: [scheduled], types: [], affectedCount: 1 },
      { ...told, action: "pause", chainIds: [], types: ["rate.fetch"], affectedCount: 1 },
      { ...told, action: "resume", chainIds: [], types: ["rate.fetch"], affectedCount: 1 },
    ]);
  });

  test("is told after the commit, and never when it rolled back (P6)", async () => {
    const { operate, start, takeSignals, context } = create();
    const chainIds = [await start()];
    await expect(
      runTransaction(context, async (transaction) => {
        await operate.cancel({ tx: transaction, chainIds });
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    expect(takeSignals().events).toEqual([]);
    await runTransaction(context, async (transaction) => {
      await operate.cancel({ tx: transaction, chainIds });
      expect(takeSignals().events).toEqual([]);
    });
    expect(auditOf(takeSignals().events)).toMatchObject([{ action: "cancel", affectedCount: 1 }]);
  });

  test("counts those that fell with the ones it named", async () => {
    const { operate, start, takeSignals } = create();
    const rate = await start({ type: "rate.fetch" });
    await start({ blockers: [{ slot: "rate", ordinal: 0, chainId: rate }] });
    await operate.cancel({ tx, chainIds: [rate], cascade: true });
    expect(auditOf(takeSignals().events)).toMatchObject([{ chainIds: [rate], affectedCount: 2 }]);
  });

  test("takes no more than 1,000 at once", async () => {
    const { operate } = create();
    const many = Array.from({ length: 1_001 }, (_, index) => `${index}`);
    await expect(operate.trigger({ tx, chainIds: many })).rejects.toThrow(OptionInvalidError);
    await expect(operate.pauseTypes({ tx, types: many })).rejects.toThrow(OptionInvalidError);
    expect(await operate.trigger({ tx, chainIds: many.slice(1) })).toHaveLength(1_000);
  });
});

describe("authorize", () => {
  test("is asked with who, what, and which types", async () => {
    const asked: AuthorizeRequest[] = [];
    const { operate, start } = create({
      authorize: (request) => asked.push(request) > 0,
      actor: "default",
    });
    const order = await start();
    const rate = await start({ type: "rate.fetch" });
    const chainIds = [order, rate, order, "nowhere"];
    await operate.cancel({ tx, chainIds, actor: "Ada", cascade: true });
    await operate.pauseTypes({ tx, types: ["a"] });
    expect(asked).toEqual([
      {
        action: "cancel",
        actor: "Ada",
        chainIds,
        types: ["order.reserve", "rate.fetch"],
        cascade: true,
      },
      { action: "pause", actor: "default", chainIds: [], types: ["a"], cascade: false },
    ]);
  });

  test.each([
    ["no", () => false],
    ["no, later", async () => false],
    ["nothing", () => undefined as never],
  ])("that says %s lets nothing happen", async (_, authorize) => {
    const fixture = create({ authorize, actor: "Ada" });
    const { operate, start, statuses, takeSignals, context } = fixture;
    await startFailed(fixture, 1);
    const chainId = await start({ schedule: later });
    const chainIds = [chainId];
    const filter = {};
    takeSignals();
    const results = await Promise.allSettled([
      operate.cancel({ tx, chainIds }),
      operate.redrive({ tx, chainIds }),
      operate.trigger({ tx, chainIds }),
      operate.reschedule({ tx, chainIds, delayMs: 0 }),
      operate.deleteChains({ tx, chainIds }),
      operate.pauseTypes({ tx, types: ["a"] }),
      operate.resumeTypes({ tx, types: ["a"] }),
      operate.cancelMatching({ tx, filter, isDryRun: false }),
      operate.redriveMatching({ tx, filter, isDryRun: false }),
      operate.triggerMatching({ tx, filter, isDryRun: false }),
      operate.rescheduleMatching({ tx, filter, isDryRun: false, delayMs: 0 }),
      operate.deleteMatching({ tx, filter, isDryRun: false }),
      operate.cancelMatching({ tx, filter }),
    ]);
    for (const result of results)
      expect(result).toMatchObject({
        status: "rejected",
        reason: expect.any(OperationRefusedError),
      });
    expect(await statuses()).toEqual(["failed", "open"]);
    expect(
      await context.state.getJobs({ tx: undefined, keys: [{ chainId, chainIndex: 0 }] }),
    ).toMatchObject([{ status: "scheduled" }]);
    expect(await context.state.listTypes()).toEqual([]);
    expect(takeSignals()).toEqual({ events: [], topics: [] });
  });

  test("that throws lets nothing happen", async () => {
    const { operate, start, statuses } = create({
      authorize: () => {
        throw new Error("no session");
      },
    });
    const chainIds = [await start()];
    await expect(operate.cancel({ tx, chainIds })).rejects.toThrow("no session");
    expect(await statuses()).toEqual(["open"]);
  });

  test("sees the chains of the transaction it is asked in", async () => {
    const asked: AuthorizeRequest[] = [];
    const { operate, context } = create({ authorize: (request) => asked.push(request) > 0 });
    const chainId = context.nextChainId();
    await runTransaction(context, async (transaction) => {
      const job = {
        type: "rate.fetch",
        input: undefined,
        priority: 5,
        schedule: undefined,
        blockers: [],
        traceContext: undefined,
      };
      await context.state.startChains({
        tx: transaction,
        chains: [{ chainId, deduplication: undefined, labels: {}, isUnannounced: false, ...job }],
      });
      await operate.cancel({ tx: transaction, chainIds: [chainId] });
    });
    expect(asked).toMatchObject([{ chainIds: [chainId], types: ["rate.fetch"] }]);
  });
});

describe("an action on matching chains", () => {
  test("says what it would do, and does nothing, unless it is told to", async () => {
    const { operate, start, statuses, takeSignals } = create();
    const chainIds: string[] = [];
    for (let index = 0; index < 12; index++) chainIds.push(await start());
    const preview = await operate.cancelMatching({ tx, filter: {} });
    expect(preview).toMatchObject({
      isDryRun: true,
      matchedCount: 12,
      affectedCount: 0,
      isTruncated: false,
    });
    expect(preview.sample.map(({ chainId }) => chainId)).toEqual(chainIds.slice(0, 10));
    expect(await operate.cancelMatching({ tx, filter: {}, isDryRun: "no" as never })).toMatchObject(
      { isDryRun: true, affectedCount: 0 },
    );
    expect(new Set(await statuses())).toEqual(new Set(["open"]));
    expect(takeSignals()).toEqual({ events: [], topics: [] });
    expect(await operate.cancelMatching({ tx, filter: {}, isDryRun: false })).toMatchObject({
      isDryRun: false,
      matchedCount: 12,
      affectedCount: 12,
      sample: preview.sample,
    });
    expect(new Set(await statuses())).toEqual(new Set(["cancelled"]));
    expect(auditOf(takeSignals().events)).toMatchObject([
      { action: "cancel", chainIds, types: ["order.reserve"], affectedCount: 12 },
    ]);
  });

  test("stops at max, and says that there is more", async () => {
    const { operate, start, statuses } = create();
    for (let index = 0; index < 250; index++) await start();
    expect(await operate.cancelMatching({ tx, filter: {}, isDryRun: false })).toMatchObject({
      matchedCount: 100,
      affectedCount: 100,
      isTruncated: true,
    });
    expect(
      await operate.cancelMatching({ tx, filter: {}, isDryRun: false, max: 150 }),
    ).toMatchObject({ matchedCount: 150, affectedCount: 150, isTruncated: false });
    expect(await statuses()).not.toContain("open");
  });

  test("reads page by page up to the cap of 1,000", async () => {
    const { operate, start } = create();
    for (let index = 0; index < 1_001; index++) await start();
    expect(await operate.cancelMatching({ tx, filter: {}, max: 1_000 })).toMatchObject({
      matchedCount: 1_000,
      isTruncated: true,
    });
  });

  test.each([0, 1_001, 1.5])("refuses a max of %d", async (max) => {
    await expect(create().operate.cancelMatching({ tx, filter: {}, max })).rejects.toThrow(
      OptionInvalidError,
    );
  });

  test("keeps to the statuses that it applies to", async () => {
    const fixture = create();
    const { operate, start, statuses } = fixture;
    await startFailed(fixture, 2);
    await start();
    expect(
      await operate.redriveMatching({
        tx,
        filter: { statuses: ["open", "completed"] },
        isDryRun: false,
      }),
    ).toMatchObject({ matchedCount: 0, isTruncated: false, sample: [] });
    expect(
      await operate.redriveMatching({
        tx,
        filter: { types: ["rate.fetch"] },
        isDryRun: false,
        max: 1,
      }),
    ).toMatchObject({ matchedCount: 1, affectedCount: 1, isTruncated: true });
    expect(await statuses()).toEqual(["open", "failed", "open"]);
  });

  test("deletes open chains only where they are named", async () => {
    const fixture = create();
    const { operate, start, statuses } = fixture;
    await startFailed(fixture, 1);
    await start();
    expect(await operate.deleteMatching({ tx, filter: {}, isDryRun: false })).toMatchObject({
      matchedCount: 1,
      affectedCount: 1,
    });
    expect(await statuses()).toEqual(["open"]);
    expect(
      await operate.deleteMatching({ tx, filter: { statuses: ["open"] }, isDryRun: false }),
    ).toMatchObject({ affectedCount: 1 });
    expect(await statuses()).toEqual([]);
  });

  test("leaves chains that others wait for, and does not count them", async () => {
    const { operate, start, statuses } = create();
    const rate = await start({ type: "rate.fetch" });
    await start({ blockers: [{ slot: "rate", ordinal: 0, chainId: rate }] });
    expect(
      await operate.cancelMatching({ tx, filter: { types: ["rate.fetch"] }, isDryRun: false }),
    ).toMatchObject({ matchedCount: 1, affectedCount: 0 });
    expect(await statuses()).toEqual(["open", "open"]);
  });

  test("moves and triggers what waits for its time", async () => {
    const { operate, start, context } = create();
    const keys = [{ chainId: await start({ schedule: later }), chainIndex: 0 }];
    await start();
    const job = async (): Promise<string | undefined> =>
      (await context.state.getJobs({ tx: undefined, keys }))[0]?.status;
    await expect(operate.rescheduleMatching({ tx, filter: {} } as never)).rejects.toThrow(
      OptionInvalidError,
    );
    expect(await operate.triggerMatching({ tx, filter: {}, isDryRun: false })).toMatchObject({
      matchedCount: 2,
      affectedCount: 1,
    });
    expect(await job()).toBe("ready");
    expect(
      await operate.rescheduleMatching({ tx, filter: {}, isDryRun: false, delayMs: 5_000 }),
    ).toMatchObject({ affectedCount: 2 });
    expect(await job()).toBe("scheduled");
  });

  test("refuses a filter that is none", async () => {
    await expect(
      create().operate.cancelMatching({ tx, filter: { statuses: ["opne" as never] } }),
    ).rejects.toThrow(OptionInvalidError);
  });
});
