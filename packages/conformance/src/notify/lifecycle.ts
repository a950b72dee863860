import { defineCase, type ConformanceCase } from "../case.ts";
import type { NotifyContext } from "../state-context.ts";
import {
  chainTopic,
  countStrayCalls,
  publishAndWait,
  subscribe,
  typeTopic,
  type Subscriber,
} from "./subscriber.ts";

const topic = typeTopic("a");

export const lifecycleCases: readonly ConformanceCase<NotifyContext>[] = [
  defineCase(
    "B9: a closed subscription is not called any more, and its neighbours are",
    async (context, expect) => {
      const [publisher, listener] = [await context.openSession(), await context.openSession()];
      const [closed, left] = [
        await subscribe(listener, [topic]),
        await subscribe(listener, [topic]),
      ];
      await publishAndWait(publisher, [topic], [closed, left]);
      await closed.close();
      expect.equal(await countStrayCalls(closed, publisher, [topic], left, 20), 0);
    },
  ),

  defineCase(
    "B9: a subscription that is closed while a publish is under way is not called after close has resolved",
    async (context, expect) => {
      const [publisher, listener] = [await context.openSession(), await context.openSession()];
      const witness = await subscribe(listener, [topic]);
      for (let round = 0; round < 30; round++) {
        const subscriber = await subscribe(listener, [topic]);
        const seen = witness.nextCall();
        const close = async (): Promise<number> => {
          await subscriber.close();
          return subscriber.callCount();
        };
        const publish = async (): Promise<void> => publisher.publish([topic]);
        const isCloseFirst = round % 2 === 0;
        const [left, right] = await Promise.all(
          isCloseFirst ? [close(), publish()] : [publish(), close()],
        );
        const countAtClose = isCloseFirst ? left : right;
        await seen;
        await publishAndWait(publisher, [topic], [witness]);
        expect.equal(subscriber.callCount(), countAtClose, `round ${round}`);
      }
    },
  ),

  defineCase("B9: closing a subscription twice is fine", async (context, expect) => {
    const notify = await context.openSession();
    const [twice, left] = [await subscribe(notify, [topic]), await subscribe(notify, [topic])];
    await twice.close();
    await twice.close();
    await publishAndWait(notify, [topic], [left]);
    expect.equal(twice.callCount(), 0);
  }),

  defineCase(
    "B9: closing a session ends its subscriptions, and those of other sessions go on",
    async (context, expect) => {
      const [closing, left] = [await context.openSession(), await context.openSession()];
      const [ended, witness] = [await subscribe(closing, [topic]), await subscribe(left, [topic])];
      await closing.close();
      await closing.close();
      expect.equal(await countStrayCalls(ended, left, [topic], witness, 20), 0);
    },
  ),

  defineCase(
    "B9: a subscription of a closed session can still be closed",
    async (context, expect) => {
      const notify = await context.openSession();
      const subscriber = await subscribe(notify, [topic]);
      await notify.close();
      await subscriber.close();
      expect.equal(subscriber.callCount(), 0);
    },
  ),

  defineCase(
    "B9: after 10,000 subscriptions opened and closed, a publish calls the one that is left",
    async (context, expect) => {
      const notify = await context.openSession();
      const closed: Subscriber[] = [];
      for (let batch = 0; batch < 100; batch++) {
        const subscribers = await Promise.all(
          Array.from({ length: 100 }, async (_, index) =>
            subscribe(notify, [chainTopic(`chain-${index}`), topic]),
          ),
        );
        await Promise.all(subscribers.map(async (subscriber) => subscriber.close()));
        closed.push(...subscribers);
      }
      const left = await subscribe(notify, [topic]);
      await publishAndWait(notify, [topic], [left]);
      expect.equal(
        closed.reduce((sum, subscriber) => sum + subscriber.callCount(), 0),
        0,
        "calls of closed subscriptions",
      );
    },
  ),

  defineCase(
    "B9: 10,000 subscriptions opened and closed leave no listeners",
    async (context, expect) => {
      const notify = await context.openSession();
      const before = context.store.countListeners!();
      for (let batch = 0; batch < 100; batch++) {
        const subscribers = await Promise.all(
          Array.from({ length: 100 }, async (_, index) =>
            subscribe(notify, [chainTopic(`chain-${index}`)]),
          ),
        );
        await Promise.all(subscribers.map(async (subscriber) => subscriber.close()));
      }
      expect.equal(context.store.countListeners!(), before);
    },
    { needs: "listenerCount" },
  ),
];
