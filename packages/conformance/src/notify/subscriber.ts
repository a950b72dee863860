import type { NotifyAdapter, WakeUpSubscription, WakeUpTopic } from "queuert/adapter";

/** A subscription that counts its calls and can be waited for. */
export interface Subscriber {
  readonly callCount: () => number;
  /** Resolves at the next call. */
  nextCall(): Promise<void>;
  close(): Promise<void>;
}

export const typeTopic = (type: string): WakeUpTopic => ({ kind: "type", type });
export const chainTopic = (chainId: string): WakeUpTopic => ({ kind: "chain", chainId });
export const workerTopic = (workerId: string): WakeUpTopic => ({ kind: "worker", workerId });

export async function subscribe(
  notify: NotifyAdapter,
  topics: readonly WakeUpTopic[],
): Promise<Subscriber> {
  let callCount = 0;
  let waiting: (() => void)[] = [];
  const subscription: WakeUpSubscription = await notify.subscribe({
    topics,
    onWakeUp: () => {
      callCount += 1;
      const woken = waiting;
      waiting = [];
      for (const resolve of woken) resolve();
    },
  });
  return {
    callCount: () => callCount,
    nextCall: async () =>
      new Promise<void>((resolve) => {
        waiting.push(resolve);
      }),
    close: async () => subscription.close(),
  };
}

/** Publishes and waits until each of the subscribers has been called. A publish that never arrives ends in the case's deadline. */
export async function publishAndWait(
  notify: NotifyAdapter,
  topics: readonly WakeUpTopic[],
  subscribers: readonly Subscriber[],
): Promise<void> {
  const calls = subscribers.map(async (subscriber) => subscriber.nextCall());
  await notify.publish(topics);
  await Promise.all(calls);
}

/** How often a subscriber is called while a witness is told of `count` other publishes. Calls without a publish are allowed, so few are no fault. */
export async function countStrayCalls(
  subscriber: Subscriber,
  publisher: NotifyAdapter,
  topics: readonly WakeUpTopic[],
  witness: Subscriber,
  count: number,
): Promise<number> {
  const before = subscriber.callCount();
  for (let index = 0; index < count; index++) {
    await publishAndWait(publisher, topics, [witness]);
  }
  return subscriber.callCount() - before;
}
