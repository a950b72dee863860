import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { MetricPoint } from "../fixtures/observatory.ts";
import { openStage, quietHandlers, type Stage } from "../fixtures/stage.ts";
import { stores, type Store } from "../fixtures/stores.ts";

const gauges = [
  "queuert.job.count",
  "queuert.job.ready.age",
  "queuert.worker.count",
  "queuert.chain.count",
];

async function reported({ observatory }: Stage): Promise<readonly MetricPoint[]> {
  return (await observatory.points()).filter(({ name }) => gauges.includes(name));
}

describe.each(stores)("on $name", ({ open }) => {
  let nowMs: number;
  let store: Store;
  let first: Stage;
  let second: Stage;
  beforeEach(async () => {
    nowMs = Date.now();
    store = await open({ clock: () => nowMs });
    first = await openStage(store.state);
    second = await openStage(store.state);
  });
  afterEach(async () => {
    await first.close();
    await second.close();
    await store.dispose();
  });

  const reportFrom = (stage: Stage) => stage.observatory.telemetry.reportState(stage.client);

  test("what the database holds is told by type and state, with the age of the oldest ready job", async () => {
    const { client } = first;
    await client.startChain({ tx: "autocommit", type: "note" });
    nowMs += 4_000;
    await client.startChain({ tx: "autocommit", type: "note" });
    await client.startChain({ tx: "autocommit", type: "note", delayMs: 60_000 });
    await reportFrom(first).refresh();
    const points = await reported(first);
    const valueOf = (name: string, attributes: object): number | undefined =>
      points.find(
        (point) =>
          point.name === name &&
          Object.entries(attributes).every(([key, value]) => point.attributes[key] === value),
      )?.value;
    const note = { "messaging.destination.name": "note" };
    const states = ["ready", "scheduled", "running", "blocked", "failed"].map((state) =>
      valueOf("queuert.job.count", { ...note, "queuert.job.state": state }),
    );
    expect(states).toEqual([2, 1, 0, 0, 0]);
    expect(valueOf("queuert.job.ready.age", note)).toBe(4);
    expect(valueOf("queuert.worker.count", note)).toBe(0);
    const openChains = { "queuert.chain.type": "note", "queuert.chain.status": "open" };
    expect(valueOf("queuert.chain.count", openChains)).toBe(3);
  });

  test("of many processes one reports: that of the oldest live worker, and the next when it leaves", async () => {
    const older = await first.work(quietHandlers, { isLeft: true });
    nowMs += 1;
    await second.work(quietHandlers, { isLeft: true });
    const reporters = [reportFrom(first), reportFrom(second)];
    const look = async (): Promise<readonly boolean[]> => {
      await Promise.all(reporters.map((reporter) => reporter.refresh()));
      return reporters.map(({ isReporting }) => isReporting);
    };
    expect(await look()).toEqual([true, false]);
    expect(await reported(second)).toEqual([]);
    const workerCounts = async (stage: Stage): Promise<readonly number[]> =>
      (await reported(stage))
        .filter(({ name }) => name === "queuert.worker.count")
        .map(({ value }) => value);
    expect(await workerCounts(first)).toEqual([2, 2, 2, 2]);
    await older.stop();
    expect(await look()).toEqual([false, true]);
    // A reader that accumulates would repeat what was said last.
    expect(await workerCounts(first)).toEqual([0, 0, 0, 0]);
    expect(await workerCounts(second)).toEqual([1, 1, 1, 1]);
    for (const reporter of reporters) reporter.stop();
    expect(await workerCounts(second)).toEqual([0, 0, 0, 0]);
  });

  test("where no worker is live everybody reports, so that a standstill is seen", async () => {
    const reporters = [reportFrom(first), reportFrom(second)];
    await Promise.all(reporters.map((reporter) => reporter.refresh()));
    expect(reporters.map(({ isReporting }) => isReporting)).toEqual([true, true]);
  });

  test("a process that is there to watch reports in any case", async () => {
    await first.work(quietHandlers, { isLeft: true });
    const watching = second.observatory.telemetry.reportState(second.client, {
      reporter: "always",
      hasChainCounts: false,
    });
    await watching.refresh();
    expect(new Set((await reported(second)).map(({ name }) => name))).toEqual(
      new Set(gauges.filter((name) => name !== "queuert.chain.count")),
    );
  });

  test("a database that does not answer leaves what was read, until it is too old", async () => {
    const reporter = first.observatory.telemetry.reportState(first.client, { intervalMs: 1_000 });
    await reporter.refresh();
    const before = await reported(first);
    expect(before.length).toBeGreaterThan(0);
    const listWorkers = vi.spyOn(store.state, "listWorkers").mockRejectedValue(new Error("away"));
    await reporter.refresh();
    expect(await reported(first)).toEqual(before);
    const now = vi.spyOn(performance, "now").mockReturnValue(performance.now() + 2_001);
    expect(await reported(first)).toEqual(before.map((point) => ({ ...point, value: Number.NaN })));
    now.mockRestore();
    listWorkers.mockRestore();
  });

  test.each([999, 60_001, Number.NaN])("refuses an interval of %d ms", (intervalMs) => {
    expect(() => first.observatory.telemetry.reportState(first.client, { intervalMs })).toThrow(
      RangeError,
    );
  });
});
