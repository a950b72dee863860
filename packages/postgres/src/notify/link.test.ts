import { createSeededChance, createVirtualClock } from "queuert/testing";
import { beforeEach, describe, expect, it } from "vitest";

import type { ListenParams } from "./hearing.ts";
import { createLink, type Link } from "./link.ts";
import type { Key } from "./topic-keys.ts";

const [selfTestIntervalMs, timeoutMs] = [30_000, 5_000];

/** What the network does with connections and messages. */
type Network = "fine" | "refusing" | "silent" | "deaf";

let clock: ReturnType<typeof createVirtualClock>;
let network: Network;
/** The connections that were begun. */
let attempts: ListenParams[];
let publishCount: number;
let isNeeded: boolean;
/** The outage, or none, at each change. */
let changes: (string | undefined)[];
let link: Link;

beforeEach(() => {
  clock = createVirtualClock();
  [network, attempts, publishCount, isNeeded, changes] = ["fine", [], 0, true, []];
  link = createLink({
    clock,
    chance: createSeededChance(1),
    selfTestIntervalMs,
    timeoutMs,
    async listen(params) {
      attempts.push(params);
      if (network === "refusing") throw new Error("Nobody there.");
      if (network === "silent") await new Promise(() => {});
    },
    async publish(keys) {
      publishCount += 1;
      if (network === "refusing") throw new Error("Nobody there.");
      if (network === "fine") hear(keys);
    },
    onKeys: () => undefined,
    onChange: () => changes.push(link.outage?.message),
    isNeeded: () => isNeeded,
  });
});

/** Lets the newest connection hear. */
function hear(keys: readonly Key[]): void {
  const newest = attempts.at(-1)!;
  if (!newest.signal.aborted) newest.onKeys(keys);
}

const lost = expect.stringContaining("cannot be made, or is lost");
const unheard = expect.stringContaining("nothing was heard within 5000 ms");

describe("a link that hears", () => {
  it("is opened once for all, and its self-test wakes nobody", async () => {
    await Promise.all([link.open(), link.open()]);
    await link.open();
    expect([attempts.length, publishCount, link.outage, changes]).toEqual([1, 1, undefined, []]);
  });

  it("tests itself when it is quiet, and only then", async () => {
    await link.open();
    for (let round = 0; round < 10; round += 1) {
      await clock.advance(selfTestIntervalMs - 1);
      hear(["t:a"]);
    }
    expect(publishCount).toBe(1);
    await clock.advance(10 * selfTestIntervalMs);
    expect([publishCount, attempts.length]).toEqual([11, 1]);
  });

  it("ends when it is quiet and nobody subscribes, and begins again for the next", async () => {
    await link.open();
    isNeeded = false;
    await clock.advance(selfTestIntervalMs);
    expect([publishCount, attempts[0]!.signal.aborted]).toEqual([1, true]);
    isNeeded = true;
    await link.open();
    expect([attempts.length, publishCount, changes]).toEqual([2, 2, []]);
  });

  it("B1: that is half open is noticed by its self-test, given up and replaced", async () => {
    await link.open();
    network = "deaf";
    await clock.advance(selfTestIntervalMs + timeoutMs);
    expect(changes).toEqual([unheard]);
    expect(attempts[0]!.signal.aborted).toBe(true);
    network = "fine";
    await clock.advance(timeoutMs + 1_000);
    expect(changes).toEqual([unheard, undefined]);
    expect(link.outage).toBeUndefined();
  });

  it("tells at once when its connection ends, and is replaced", async () => {
    await link.open();
    attempts[0]!.onEnd(new Error("Reset."));
    await clock.advance(0);
    expect(changes).toEqual([lost]);
    await clock.advance(200);
    expect([changes.length, attempts.length, link.outage]).toEqual([2, 2, undefined]);
  });

  it("stays closed", async () => {
    await link.open();
    link.close();
    await clock.advance(10 * selfTestIntervalMs);
    expect([attempts[0]!.signal.aborted, attempts.length, publishCount, changes]).toEqual([
      true,
      1,
      1,
      [],
    ]);
  });
});

describe("a link that cannot be had", () => {
  it("B3: tries a bounded number of times, ever less often, and tells once", async () => {
    network = "refusing";
    await link.open();
    expect(changes).toEqual([lost]);
    await clock.advance(60_000);
    expect(attempts.length).toBeGreaterThanOrEqual(8);
    expect(attempts.length).toBeLessThanOrEqual(10);
    await clock.advance(10 * 60_000);
    const afterTenMinutes = attempts.length;
    await clock.advance(60 * 60_000);
    expect(attempts.length - afterTenMinutes).toBeLessThanOrEqual(120);
    expect(changes).toEqual([lost]);
    network = "fine";
    await clock.advance(60_000);
    expect(changes).toEqual([lost, undefined]);
    expect(attempts.slice(0, -1).every(({ signal }) => signal.aborted)).toBe(true);
  });

  it("B3: does not spin when connections come and go", async () => {
    await link.open();
    for (let ms = 0; ms < 60_000; ms += 100) {
      attempts.at(-1)!.onEnd(undefined);
      await clock.advance(100);
    }
    expect(attempts.length).toBeGreaterThan(5);
    expect(attempts.length).toBeLessThan(15);
  });

  it("begins with short pauses again after a connection that lasted", async () => {
    network = "refusing";
    await link.open();
    await clock.advance(10 * 60_000);
    network = "fine";
    await clock.advance(5 * 60_000);
    const before = attempts.length;
    attempts.at(-1)!.onEnd(undefined);
    await clock.advance(200);
    expect([attempts.length, link.outage]).toEqual([before + 1, undefined]);
  });

  it("B1: gives up a server that accepts connections and says nothing", async () => {
    network = "silent";
    const opened = link.open();
    await clock.advance(timeoutMs);
    await opened;
    expect([changes, attempts[0]!.signal.aborted]).toEqual([[lost], true]);
  });

  it("B2: does not believe a LISTEN behind which nothing arrives", async () => {
    network = "deaf";
    const opened = link.open();
    await clock.advance(timeoutMs);
    await opened;
    expect(changes).toEqual([unheard]);
  });

  it("lets nobody wait when it is closed", async () => {
    network = "silent";
    const opened = link.open();
    link.close();
    await expect(opened).resolves.toBeUndefined();
    await clock.advance(10 * 60_000);
    expect([attempts.length, changes]).toEqual([1, []]);
  });
});
