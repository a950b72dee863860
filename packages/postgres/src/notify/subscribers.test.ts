import { beforeEach, expect, it } from "vitest";

import { createSubscribers, type Subscribers } from "./subscribers.ts";

let subscribers: Subscribers;
let calls: string[];
beforeEach(() => {
  subscribers = createSubscribers();
  calls = [];
});
const add = (name: string, keys: readonly string[]) =>
  subscribers.add(keys, () => calls.push(name));
/** Wakes come in a later microtask. */
const wakes = async () => Promise.resolve();

it("wakes those of the key, once for all that comes in one turn", async () => {
  add("a", ["t:a"]);
  add("b", ["t:b"]);
  add("ab", ["t:a", "t:b"]);
  subscribers.wake(["t:a", "t:c"]);
  subscribers.wake(["t:a", "t:b"]);
  expect(calls).toEqual([]);
  await wakes();
  expect(calls.toSorted()).toEqual(["a", "ab", "b"]);
  subscribers.wake(["t:b"]);
  await wakes();
  expect(calls.slice(3).toSorted()).toEqual(["ab", "b"]);
});

it("wakes everybody when everybody is meant", async () => {
  for (const name of ["a", "b"]) add(name, [`t:${name}`]);
  subscribers.wake(["*"]);
  await wakes();
  subscribers.wakeAll();
  await wakes();
  expect(calls).toEqual(["a", "b", "a", "b"]);
});

it("B9: forgets who has ended, and does not call them although they were woken before", async () => {
  const ended = add("ended", ["t:a", "t:a"]);
  add("left", ["t:a"]);
  subscribers.wake(["t:a"]);
  ended.end();
  ended.end();
  expect(subscribers.count).toBe(1);
  await wakes();
  subscribers.endAll();
  subscribers.wake(["t:a", "*"]);
  await wakes();
  expect([calls, subscribers.count]).toEqual([["left"], 0]);
});

it("lets one that throws keep nobody from being called", async () => {
  subscribers.add(["t:a"], () => {
    throw new Error("not allowed");
  });
  add("left", ["t:a"]);
  subscribers.wake(["t:a"]);
  await wakes();
  expect(calls).toEqual(["left"]);
});
