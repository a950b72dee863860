import { createVirtualClock } from "queuert/testing";
import { describe, expect, it } from "vitest";

import { createDeferred, type Deferred } from "./deferred.ts";
import { createPublisher } from "./publisher.ts";
import type { Key } from "./topic-keys.ts";

const timeoutMs = 5_000;

/** A publisher whose batches are answered by the test. */
function createPublishing() {
  const clock = createVirtualClock();
  const batches: { readonly keys: readonly Key[]; readonly answer: Deferred<void> }[] = [];
  const publisher = createPublisher({
    clock,
    timeoutMs,
    send(keys) {
      const answer = createDeferred<void>();
      batches.push({ keys, answer });
      return answer.promise;
    },
  });
  return { clock, batches, publisher };
}

it("sends at once what is published after a rest", async () => {
  const { clock, batches, publisher } = createPublishing();
  const first = publisher.publish(["t:a"]);
  batches[0]!.answer.resolve();
  await first;
  await clock.advance(5);
  const second = publisher.publish(["t:a"]);
  expect(batches.map(({ keys }) => keys)).toEqual([["t:a"], ["t:a"]]);
  batches[1]!.answer.resolve();
  await second;
});

describe("what is published while a batch is under way, or in the rest after it", () => {
  it("goes with the next one, each key once", async () => {
    const { clock, batches, publisher } = createPublishing();
    const published = ["a", "b", "a", "c"].map((key) => publisher.publish([`t:${key}`]));
    expect(batches.map(({ keys }) => keys)).toEqual([["t:a"]]);
    batches[0]!.answer.resolve();
    await published[0];
    published.push(publisher.publish(["t:d"]));
    await clock.advance(4);
    expect(batches).toHaveLength(1);
    await clock.advance(1);
    expect(batches.map(({ keys }) => keys)).toEqual([["t:a"], ["t:b", "t:a", "t:c", "t:d"]]);
    batches[1]!.answer.resolve();
    await Promise.all(published);
    const idle = publisher.idle();
    await expect(idle).resolves.toBeUndefined();
  });

  it("is not concerned when that batch fails", async () => {
    const { clock, batches, publisher } = createPublishing();
    const [first, second] = [publisher.publish(["t:a"]), publisher.publish(["t:b"])];
    const error = new Error("refused");
    batches[0]!.answer.reject(error);
    await expect(first).rejects.toBe(error);
    await clock.advance(5);
    batches[1]!.answer.resolve();
    await expect(second).resolves.toBeUndefined();
  });

  it("B1: is not held up for ever by one that is never answered", async () => {
    const { clock, batches, publisher } = createPublishing();
    const first = publisher.publish(["t:a"]).catch((error: unknown) => error);
    const second = publisher.publish(["t:b"]);
    await clock.advance(timeoutMs - 1);
    expect(batches).toHaveLength(1);
    await clock.advance(1);
    expect(await first).toMatchObject({ code: "STORE_UNAVAILABLE" });
    await clock.advance(5);
    batches[1]!.answer.resolve();
    await expect(second).resolves.toBeUndefined();
  });

  it("becomes one message to everybody when it is very much, and self-tests stay in it", async () => {
    const { clock, batches, publisher } = createPublishing();
    const published = [publisher.publish(["t:a"]), publisher.publish(["p:token"])];
    for (let part = 0; part < 11; part += 1) {
      const keys = Array.from({ length: 1_000 }, (_, index) => `c:${part * 1_000 + index}`);
      published.push(publisher.publish(keys));
    }
    batches[0]!.answer.resolve();
    await published[0];
    await clock.advance(5);
    const { keys, answer } = batches[1]!;
    expect(keys.slice(0, 2)).toEqual(["*", "p:token"]);
    expect(keys.length).toBeLessThanOrEqual(10_000);
    answer.resolve();
    await Promise.all(published);
  });
});
