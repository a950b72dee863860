import { defineCase, type ConformanceCase } from "../case.ts";
import type { NotifyContext } from "../state-context.ts";
import {
  chainTopic,
  countStrayCalls,
  publishAndWait,
  subscribe,
  typeTopic,
  workerTopic,
} from "./subscriber.ts";

const publishCount = 30;

export const deliveryCases: readonly ConformanceCase<NotifyContext>[] = [
  defineCase("P7: a publish reaches a subscriber of the same session", async (context, expect) => {
    const notify = await context.openSession();
    const subscriber = await subscribe(notify, [typeTopic("a")]);
    await publishAndWait(notify, [typeTopic("a")], [subscriber]);
    expect.ok(subscriber.callCount() >= 1, "it was not called");
  }),

  defineCase(
    "P7: a publish reaches the subscribers of every session, several in each",
    async (context, expect) => {
      const sessions = await Promise.all([
        context.openSession(),
        context.openSession(),
        context.openSession(),
      ]);
      const subscribers = await Promise.all(
        [...sessions, ...sessions].map(async (notify) => subscribe(notify, [typeTopic("a")])),
      );
      for (const publisher of sessions) {
        await publishAndWait(publisher, [typeTopic("a")], subscribers);
      }
      expect.ok(
        subscribers.every((subscriber) => subscriber.callCount() >= 1),
        "one was not called",
      );
    },
  ),

  defineCase(
    "P7: topics of each kind are delivered, also when their names are alike",
    async (context, expect) => {
      const notify = await context.openSession();
      const topics = [typeTopic("x"), chainTopic("x"), workerTopic("x")];
      const subscribers = await Promise.all(
        topics.map(async (topic) => subscribe(notify, [topic])),
      );
      for (const [index, topic] of topics.entries()) {
        await publishAndWait(notify, [topic], [subscribers[index]!]);
        for (const other of [1, 2]) {
          const stranger = subscribers[(index + other) % 3]!;
          const strayCount = await countStrayCalls(
            stranger,
            notify,
            [topic],
            subscribers[index]!,
            publishCount,
          );
          expect.ok(
            strayCount < publishCount,
            `a subscriber of another kind was called at each of ${publishCount} publishes of "${topic.kind}"`,
          );
        }
      }
    },
  ),

  defineCase(
    "P7: a subscriber of several topics is called for each of them",
    async (context, expect) => {
      const [publisher, listener] = [await context.openSession(), await context.openSession()];
      const topics = [typeTopic("a"), typeTopic("b"), chainTopic("c"), workerTopic("d")];
      const subscriber = await subscribe(listener, topics);
      for (const topic of context.random.shuffle(topics)) {
        await publishAndWait(publisher, [topic], [subscriber]);
      }
      expect.ok(subscriber.callCount() >= topics.length, "it was called too seldom");
    },
  ),

  defineCase(
    "P7: one publish of several topics reaches the subscribers of each",
    async (context, expect) => {
      const [publisher, listener] = [await context.openSession(), await context.openSession()];
      const topics = [typeTopic("a"), chainTopic("b"), workerTopic("c")];
      const subscribers = await Promise.all(
        topics.map(async (topic) => subscribe(listener, [topic])),
      );
      await publishAndWait(publisher, topics, subscribers);
      expect.equal(
        subscribers.map((subscriber) => subscriber.callCount() >= 1),
        [true, true, true],
      );
    },
  ),

  defineCase(
    "B12: a subscriber is not woken by every publish of topics that it did not subscribe",
    async (context, expect) => {
      const [publisher, listener] = [await context.openSession(), await context.openSession()];
      for (const topicOf of [typeTopic, chainTopic, workerTopic]) {
        const [stranger, witness] = [
          await subscribe(listener, [typeTopic("a"), chainTopic("a"), workerTopic("a")]),
          await subscribe(listener, [topicOf("b")]),
        ];
        const strayCount = await countStrayCalls(
          stranger,
          publisher,
          [topicOf("b")],
          witness,
          publishCount,
        );
        expect.ok(
          strayCount < publishCount,
          `it was called at each of ${publishCount} publishes of "${topicOf("b").kind}"`,
        );
      }
    },
  ),

  defineCase(
    "P7 B5: many publishes at once may become one call, but a call comes after the last of them",
    async (context, expect) => {
      const [publisher, listener] = [await context.openSession(), await context.openSession()];
      const subscriber = await subscribe(listener, [typeTopic("a")]);
      for (let round = 0; round < 20; round++) {
        await Promise.all(
          Array.from({ length: 20 }, async () => publisher.publish([typeTopic("a")])),
        );
        await publishAndWait(publisher, [typeTopic("a")], [subscriber]);
      }
      expect.ok(subscriber.callCount() >= 20, "a round ended without a call");
    },
  ),

  defineCase(
    "B6: a publish right after subscribe has resolved is not lost",
    async (context, expect) => {
      const [publisher, listener] = [await context.openSession(), await context.openSession()];
      for (let round = 0; round < 50; round++) {
        const subscriber = await subscribe(listener, [chainTopic(`chain-${round}`)]);
        await publishAndWait(publisher, [chainTopic(`chain-${round}`)], [subscriber]);
        expect.ok(subscriber.callCount() >= 1, `round ${round}`);
        await subscriber.close();
      }
    },
  ),

  defineCase(
    "P7: publishing without subscribers, or without topics, resolves",
    async (context, expect) => {
      const notify = await context.openSession();
      await notify.publish([]);
      await notify.publish([typeTopic("nobody")]);
      const subscriber = await subscribe(notify, [typeTopic("a")]);
      await notify.publish([]);
      await notify.publish([typeTopic("nobody"), chainTopic("nobody")]);
      await publishAndWait(notify, [typeTopic("a")], [subscriber]);
      expect.ok(subscriber.callCount() >= 1, "it was not called");
    },
  ),

  defineCase("P7: a subscriber of the same topic twice is woken", async (context, expect) => {
    const notify = await context.openSession();
    const subscriber = await subscribe(notify, [typeTopic("a"), typeTopic("a")]);
    await publishAndWait(notify, [typeTopic("a"), typeTopic("a")], [subscriber]);
    expect.ok(subscriber.callCount() >= 1, "it was not called");
  }),

  defineCase(
    "B11: a publish of 5,000 topics reaches the subscriber of each that is listened to",
    async (context, expect) => {
      const [publisher, listener] = [await context.openSession(), await context.openSession()];
      const topics = Array.from({ length: 5_000 }, (_, index) =>
        chainTopic(`019a0000-0000-7000-8000-${index.toString(16).padStart(12, "0")}`),
      );
      const subscribers = await Promise.all(
        [0, 1, 2_500, 4_998, 4_999].map(async (index) => subscribe(listener, [topics[index]!])),
      );
      await publishAndWait(publisher, topics, subscribers);
      expect.ok(
        subscribers.every((subscriber) => subscriber.callCount() >= 1),
        "one was not called",
      );
    },
  ),

  defineCase("B11: long names and names of any text are delivered", async (context, expect) => {
    const [publisher, listener] = [await context.openSession(), await context.openSession()];
    for (const name of [
      "x".repeat(9_000),
      "日本語".repeat(1_000),
      "a'b\"c",
      "a:b",
      "a\u0000b",
      "*",
      "a.b.>",
      " ",
      "a\nb",
      "😀",
    ]) {
      const subscriber = await subscribe(listener, [typeTopic(name)]);
      await publishAndWait(publisher, [typeTopic(name)], [subscriber]);
      expect.ok(subscriber.callCount() >= 1, name.slice(0, 20));
    }
  }),

  defineCase(
    "B11: a subscription to 1,000 topics is called for the last of them",
    async (context, expect) => {
      const [publisher, listener] = [await context.openSession(), await context.openSession()];
      const topics = Array.from({ length: 1_000 }, (_, index) => typeTopic(`type-${index}`));
      const subscriber = await subscribe(listener, topics);
      await publishAndWait(publisher, [topics[999]!], [subscriber]);
      expect.ok(subscriber.callCount() >= 1, "it was not called");
    },
  ),
];
