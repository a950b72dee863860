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

export const notifyIsolationCases: readonly ConformanceCase<NotifyContext>[] = [
  defineCase(
    "P9 A15: a publish does not reach subscribers of another installation in the same database",
    async (context, expect) => {
      const [mine, sibling] = [await context.openSession(), await context.openSibling()];
      for (const topic of [typeTopic("a"), chainTopic("a"), workerTopic("a")]) {
        const [stranger, witness] = [
          await subscribe(sibling, [topic]),
          await subscribe(mine, [topic]),
        ];
        const strayCount = await countStrayCalls(stranger, mine, [topic], witness, publishCount);
        expect.ok(
          strayCount < publishCount,
          `the sibling was woken by each of ${publishCount} publishes of "${topic.kind}"`,
        );
      }
    },
  ),

  defineCase(
    "P9: both installations have the same topics, and each wakes its own",
    async (context, expect) => {
      const [mine, sibling] = [await context.openSession(), await context.openSibling()];
      const [here, there] = [
        await subscribe(mine, [typeTopic("a")]),
        await subscribe(sibling, [typeTopic("a")]),
      ];
      await publishAndWait(mine, [typeTopic("a")], [here]);
      await publishAndWait(sibling, [typeTopic("a")], [there]);
      expect.ok(here.callCount() >= 1 && there.callCount() >= 1, "one was not called");
    },
  ),

  defineCase(
    "P9: closing one installation's session leaves the other's alone",
    async (context, expect) => {
      const [mine, sibling] = [await context.openSession(), await context.openSibling()];
      const there = await subscribe(sibling, [typeTopic("a")]);
      await mine.close();
      await publishAndWait(sibling, [typeTopic("a")], [there]);
      expect.ok(there.callCount() >= 1, "it was not called");
    },
  ),
];
