import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { useGlobalContext } from "../fixtures/observatory.ts";
import { openStage, quietHandlers, type Stage, startOrder } from "../fixtures/stage.ts";
import { stores, type Store } from "../fixtures/stores.ts";

beforeAll(useGlobalContext);

describe.each(stores)("on $name", ({ open }) => {
  let nowMs: number;
  let store: Store;
  let stage: Stage;
  beforeEach(async () => {
    nowMs = Date.now();
    store = await open({ clock: () => nowMs });
    stage = await openStage(store.state, { stuckAfterAttempts: 2 });
  });
  afterEach(async () => {
    await stage.close();
    await store.dispose();
  });

  /** The series of a metric: what tells them apart, and their values, in order. */
  const series = async (name: string, ...keys: readonly string[]): Promise<readonly unknown[]> =>
    (await stage.observatory.points(name))
      .map(({ attributes, value, sum }) => [...keys.map((key) => attributes[key]), sum ?? value])
      .toSorted((left, right) => (String(left) < String(right) ? -1 : 1));

  const destination = "messaging.destination.name";

  test("times between commits are the database's: waits, blocked times, lives of chains", async () => {
    const { client } = stage;
    await startOrder(client);
    nowMs += 7_000;
    await stage.work();
    expect(await series("queuert.job.wait.duration", destination)).toEqual([
      ["order", 0],
      ["rate", 7],
      ["ship", 0],
    ]);
    expect(await series("queuert.job.blocked.duration", destination)).toEqual([["order", 7]]);
    expect(await series("queuert.chain.duration", "queuert.chain.type")).toEqual([
      ["order", 7],
      ["rate", 7],
    ]);
    expect(await series("queuert.chain.length", "queuert.chain.type")).toEqual([
      ["order", 2],
      ["rate", 1],
    ]);
  });

  test("what was sent and consumed is counted once each", async () => {
    const { client } = stage;
    const rate = await client.startChain({ tx: "autocommit", type: "rate" });
    await client.startChains({ tx: "autocommit", chains: [{ type: "note" }, { type: "note" }] });
    const order = { tx: "autocommit", type: "order", input: { id: 1 } } as const;
    await client.startChain({ ...order, blockers: { rate } });
    const unusable = { id: "01890000-0000-7000-8000-000000000000", type: "rate" } as const;
    await expect(
      client.startChain({ ...order, blockers: { rate: unusable } }),
    ).rejects.toMatchObject({ code: "BLOCKER_UNUSABLE" });
    await stage.work();
    const operation = "messaging.operation.name";
    expect(
      await series("messaging.client.sent.messages", operation, destination, "error.type"),
    ).toEqual([
      ["continue_with", "ship", undefined, 1],
      ["start_chain", "order", undefined, 1],
      ["start_chain", "order", "BLOCKER_UNUSABLE", 1],
      ["start_chain", "rate", undefined, 1],
      ["start_chains", "note", undefined, 2],
    ]);
    expect(await series("messaging.client.consumed.messages", operation, destination)).toEqual([
      ["claim", "note", 2],
      ["claim", "order", 1],
      ["claim", "rate", 1],
      ["claim", "ship", 1],
    ]);
  });

  test("attempts are told apart by outcome and error, retries by reason", async () => {
    await stage.client.startChain({ tx: "autocommit", type: "note" });
    await stage.work(
      {
        ...quietHandlers,
        note: async ({ job, reschedule }) => {
          if (job.token.endsWith(":1")) return reschedule({ delayMs: 0 });
          throw new TypeError(`attempt ${job.attempt}`);
        },
      },
      { maxAttempts: 3 },
    );
    const points = await stage.observatory.points("messaging.process.duration");
    const counts = points.map(({ attributes, value }) => ({
      outcome: attributes["queuert.attempt.outcome"],
      error: attributes["error.type"],
      value,
    }));
    expect(new Set(counts)).toEqual(
      new Set([
        { outcome: "rescheduled", error: undefined, value: 1 },
        { outcome: "retried", error: "TypeError", value: 2 },
        { outcome: "failed", error: "TypeError", value: 1 },
      ]),
    );
    expect(await series("queuert.job.retries", "queuert.retry.reason", "error.type")).toEqual([
      ["error", "TypeError", 2],
      ["rescheduled", undefined, 1],
    ]);
    expect(await series("queuert.job.attempts", "queuert.attempt.outcome")).toEqual([
      ["failed", 3],
    ]);
    // Once, however often it is retried after that.
    expect(await series("queuert.job.stuck", destination)).toEqual([["note", 1]]);
  });

  test("slots are those that are taken at the moment", async () => {
    const state = "queuert.worker.slot.state";
    await stage.client.startChain({ tx: "autocommit", type: "note" });
    let inside: readonly unknown[] = [];
    const worker = await stage.work({
      note: async () => {
        inside = await series("queuert.worker.slot.usage", state);
        return "noted";
      },
    });
    expect(inside).toEqual([
      ["busy", 1],
      ["idle", 9],
    ]);
    expect(await series("queuert.worker.slot.limit")).toEqual([[10]]);
    await worker.stop();
    expect(await series("queuert.worker.slot.usage", state)).toEqual([
      ["busy", 0],
      ["idle", 0],
    ]);
  });

  test("a wake-up that brought jobs is a hit", async () => {
    await stage.work(quietHandlers);
    const note = await stage.client.startChain({ tx: "autocommit", type: "note" });
    await stage.client.awaitChain({ chain: note });
    const points = await stage.observatory.points("queuert.worker.wakeups");
    expect(
      points.find(({ attributes }) => attributes["queuert.worker.wakeup.result"] === "hit"),
    ).toMatchObject({ attributes: { "queuert.worker.wakeup.source": "notify" }, value: 1 });
  });
});
