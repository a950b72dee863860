import { beforeEach, describe, expect, it } from "vitest";

import type { NotifyAdapter } from "../ports/notify-adapter.ts";
import type { DomainEvent } from "../ports/telemetry.ts";
import { createClientIn, createSeededChance, createVirtualClock } from "../testing/index.ts";
import { createMemoryStateAdapter } from "../memory/create-memory-state-adapter.ts";
import { defineJobTypes } from "../types/define-job-types.ts";
import { createWorker } from "../worker/create-worker.ts";
import { createNotifyChannel, type NotifyChannel } from "./notify-channel.ts";

/** An adapter that can tell of outages, and is told of them by the test. */
function createTellingAdapter() {
  const subscribers = new Set<() => void>();
  let outage: Error | undefined;
  let publishError: Error | undefined;
  const adapter: NotifyAdapter = {
    name: "telling",
    get outage() {
      return outage;
    },
    publish: async () => {
      if (publishError !== undefined) throw publishError;
    },
    subscribe: async ({ onWakeUp }) => {
      subscribers.add(onWakeUp);
      return { close: async () => void subscribers.delete(onWakeUp) };
    },
    close: async () => undefined,
  };
  return {
    adapter,
    setOutage(error: Error | undefined) {
      outage = error;
      for (const wake of subscribers) wake();
    },
    setPublishError: (error: Error | undefined) => void (publishError = error),
  };
}

const away = new Error("Nothing is heard.");
const topics = [{ kind: "type", type: "work" }] as const;

let telling: ReturnType<typeof createTellingAdapter>;
beforeEach(() => {
  telling = createTellingAdapter();
});

describe("an adapter that tells of outages", () => {
  let told: DomainEvent[];
  let channel: NotifyChannel;
  beforeEach(() => {
    told = [];
    channel = createNotifyChannel(
      { hasSubscribers: true, emit: (events) => void told.push(...events) },
      telling.adapter,
    );
  });
  /** Promises of the adapter and of the channel. */
  const settle = async () => new Promise<void>((resolve) => setImmediate(resolve));

  it("P7: is told once, and its end once, however many subscribe and whatever is published", async () => {
    for (let index = 0; index < 3; index++) channel.subscribe(topics, () => undefined);
    await settle();
    expect(told).toEqual([]);
    telling.setOutage(away);
    channel.publish(topics);
    await settle();
    telling.setOutage(new Error("Still nothing."));
    expect(told).toEqual([{ name: "notify.unavailable", error: away }]);
    telling.setOutage(undefined);
    expect(told.slice(1)).toEqual([{ name: "notify.recovered" }]);
  });

  it("P7: is told when the outage began before anybody subscribed", async () => {
    telling.setOutage(away);
    channel.subscribe(topics, () => undefined);
    await settle();
    expect(told).toEqual([{ name: "notify.unavailable", error: away }]);
  });

  it("P7: ends the outage of publishing with its own", async () => {
    channel.subscribe(topics, () => undefined);
    const refused = new Error("Refused.");
    telling.setPublishError(refused);
    channel.publish(topics);
    await settle();
    telling.setOutage(away);
    telling.setPublishError(undefined);
    telling.setOutage(undefined);
    expect(told).toEqual([
      { name: "notify.unavailable", error: refused },
      { name: "notify.recovered" },
    ]);
  });

  it("shortens the time between two looks as long as an outage lasts", () => {
    const pollIntervals = [undefined, away, undefined].map((outage) => {
      telling.setOutage(outage);
      return [channel.isAway, channel.pollIntervalMs(5_000)];
    });
    expect(pollIntervals).toEqual([
      [false, 5_000],
      [true, 1_000],
      [false, 5_000],
    ]);
  });
});

it("P7: a worker looks five times as often while wake-ups may not arrive, from the first moment on", async () => {
  const clock = createVirtualClock();
  const state = createMemoryStateAdapter({ clock: () => clock.now() });
  let lookCount = 0;
  const client = await createClientIn(
    { clock, chance: createSeededChance(1) },
    {
      jobTypes: defineJobTypes<{ work: { entry: true } }>(),
      state: {
        ...state,
        exchange: async (params) => {
          if (params.claim !== undefined) lookCount++;
          return state.exchange(params);
        },
      },
      notify: telling.adapter,
    },
  );
  const worker = createWorker(client, {
    pollIntervalMs: 5_000,
    handlers: { work: async () => {} },
  });
  await worker.start();
  const countLooks = async (durationMs: number): Promise<number> => {
    const before = lookCount;
    await clock.advance(durationMs);
    return lookCount - before;
  };
  const usualCount = await countLooks(60_000);
  expect(usualCount).toBeGreaterThanOrEqual(10);
  expect(usualCount).toBeLessThanOrEqual(15);
  telling.setOutage(away);
  expect(await countLooks(0)).toBe(1);
  expect(await countLooks(1_200)).toBeGreaterThanOrEqual(1);
  const outageCount = await countLooks(60_000);
  expect(outageCount).toBeGreaterThanOrEqual(50);
  expect(outageCount).toBeLessThanOrEqual(76);
  telling.setOutage(undefined);
  expect(await countLooks(60_000)).toBeLessThanOrEqual(17);
  const stopped = worker.stop();
  await clock.advance(1_000);
  await stopped;
});

describe("publications side by side", () => {
  it("P7: one that ends late says nothing of a channel that went away, or came back, after it began", async () => {
    const calls: { resolve(): void; reject(error: Error): void }[] = [];
    const told: string[] = [];
    const channel = createNotifyChannel(
      {
        hasSubscribers: true,
        emit: (events) => void told.push(...events.map(({ name }) => name)),
      },
      {
        ...telling.adapter,
        publish: async () =>
          new Promise<void>((resolve, reject) => void calls.push({ resolve, reject })),
      },
    );
    for (let index = 0; index < 4; index++) channel.publish(topics);
    const ended = async (end: () => void): Promise<readonly string[]> => {
      end();
      await new Promise<void>((resolve) => void setImmediate(resolve));
      return told;
    };
    expect(await ended(() => calls[1]!.reject(away))).toEqual(["notify.unavailable"]);
    expect(await ended(() => calls[0]!.resolve())).toEqual(["notify.unavailable"]);
    expect(await ended(() => calls[3]!.resolve())).toHaveLength(2);
    expect(await ended(() => calls[2]!.reject(away))).toHaveLength(2);
  });
});
