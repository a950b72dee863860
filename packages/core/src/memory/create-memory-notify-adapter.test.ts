import { describe, expect, test, vi } from "vitest";
import { StoreUnavailableError } from "../errors/store-errors.ts";
import { OptionInvalidError } from "../errors/value-errors.ts";
import type { WakeUpTopic } from "../ports/notify-adapter.ts";
import {
  createMemoryNotifyAdapter,
  createMemoryNotifyHub,
  type MemoryNotifyHub,
} from "./create-memory-notify-adapter.ts";

const work: WakeUpTopic = { kind: "type", type: "same" };
const chain: WakeUpTopic = { kind: "chain", chainId: "same" };
const worker: WakeUpTopic = { kind: "worker", workerId: "same" };

/** Resolves when every microtask that is due has run: a wake-up that does not come is seen only then. */
const microtasks = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe("the in-memory notify adapter", () => {
  test("refuses a hub that createMemoryNotifyHub did not make", () => {
    expect(() => createMemoryNotifyAdapter({ hub: {} as MemoryNotifyHub })).toThrow(
      OptionInvalidError,
    );
  });

  test("calls a subscriber after the publish and not inside it, once for all that was published meanwhile", async () => {
    const hub = createMemoryNotifyHub();
    const [publisher, subscriber] = [
      createMemoryNotifyAdapter({ hub }),
      createMemoryNotifyAdapter({ hub }),
    ];
    const onWakeUp = vi.fn<() => void>();
    await subscriber.subscribe({ topics: [work, chain], onWakeUp });
    const published = [publisher.publish([work, chain]), publisher.publish([chain])];
    expect(onWakeUp).not.toHaveBeenCalled();
    await Promise.all(published);
    await microtasks();
    expect(onWakeUp).toHaveBeenCalledTimes(1);
    await publisher.publish([work]);
    await microtasks();
    expect(onWakeUp).toHaveBeenCalledTimes(2);
  });

  test("tells kinds of topics apart, whatever their names", async () => {
    const notify = createMemoryNotifyAdapter();
    const onWakeUp = vi.fn<(kind: string) => void>();
    for (const topic of [work, chain, worker])
      await notify.subscribe({ topics: [topic], onWakeUp: () => onWakeUp(topic.kind) });
    for (const topic of [worker, work, chain]) {
      await notify.publish([topic]);
      await microtasks();
    }
    expect(onWakeUp.mock.calls).toEqual([["worker"], ["type"], ["chain"]]);
  });

  test("a subscriber that throws keeps no other from being called, nor itself the next time", async () => {
    const notify = createMemoryNotifyAdapter();
    const throws = vi.fn<() => void>(() => {
      throw new Error("against the port");
    });
    const onWakeUp = vi.fn<() => void>();
    await notify.subscribe({ topics: [work], onWakeUp: throws });
    await notify.subscribe({ topics: [work], onWakeUp });
    await notify.publish([work]);
    await microtasks();
    await notify.publish([work]);
    await microtasks();
    expect(throws).toHaveBeenCalledTimes(2);
    expect(onWakeUp).toHaveBeenCalledTimes(2);
  });

  test("a subscription that closes while a call is on its way is not called", async () => {
    const notify = createMemoryNotifyAdapter();
    const onWakeUp = vi.fn<() => void>();
    const subscription = await notify.subscribe({ topics: [work], onWakeUp });
    const published = notify.publish([work]);
    const closed = subscription.close();
    await Promise.all([published, closed]);
    await subscription.close();
    await microtasks();
    expect(onWakeUp).not.toHaveBeenCalled();
  });

  test("closing ends the adapter's own subscriptions and no others", async () => {
    const hub = createMemoryNotifyHub();
    const [one, other] = [createMemoryNotifyAdapter({ hub }), createMemoryNotifyAdapter({ hub })];
    const [onOne, onOther] = [vi.fn<() => void>(), vi.fn<() => void>()];
    await one.subscribe({ topics: [work], onWakeUp: onOne });
    await other.subscribe({ topics: [work], onWakeUp: onOther });
    await one.close();
    await one.close();
    await expect(one.publish([work])).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(one.subscribe({ topics: [work], onWakeUp: onOne })).rejects.toBeInstanceOf(
      StoreUnavailableError,
    );
    await other.publish([work]);
    await microtasks();
    expect(onOne).not.toHaveBeenCalled();
    expect(onOther).toHaveBeenCalledTimes(1);
  });
});
