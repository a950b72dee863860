import { describe, expect, it } from "vitest";

import { createRandom } from "./random.ts";
import { VirtualProcess } from "./virtual-process.ts";
import { Simulator } from "./simulator.ts";

const limits = { untilMs: Number.POSITIVE_INFINITY, eventCountMax: 1_000 };
const never = (): boolean => false;

describe("a simulator", () => {
  it("lets events happen in the order of their times, those of one time as they were scheduled", async () => {
    const simulator = new Simulator();
    const happened: string[] = [];
    const random = createRandom(1);
    const times = Array.from({ length: 200 }, () => random.between(0, 20));
    times.forEach((atMs, index) =>
      simulator.schedule(atMs, () => happened.push(`${atMs} ${index}`)),
    );
    expect(await simulator.run(never, limits)).toBe("empty");
    const expected = times
      .map((atMs, index) => ({ atMs, index }))
      .toSorted((left, right) => left.atMs - right.atMs || left.index - right.index);
    expect(happened).toEqual(expected.map(({ atMs, index }) => `${atMs} ${index}`));
  });

  it("says why it ended, and stands at the limit of its time", async () => {
    const simulator = new Simulator();
    let isDone = false;
    simulator.schedule(10, () => {
      isDone = true;
    });
    simulator.schedule(30, () => {});
    const startMs = simulator.nowMs;
    expect(await simulator.run(() => isDone, limits)).toBe("done");
    expect(await simulator.run(never, { ...limits, untilMs: startMs + 20 })).toBe("time");
    expect(simulator.nowMs).toBe(startMs + 20);
    expect(await simulator.run(never, { ...limits, eventCountMax: 1 })).toBe("events");
  });

  it("forgets what is cancelled", async () => {
    const simulator = new Simulator();
    let happenedCount = 0;
    simulator.schedule(5, () => happenedCount++).cancel();
    await simulator.run(never, limits);
    expect(happenedCount).toBe(0);
  });
});

describe("a simulated process", () => {
  it("does nothing while it is paused, all of it afterwards, and nothing once it is dead", async () => {
    const simulator = new Simulator();
    const process = new VirtualProcess(simulator, "worker", createRandom(1), 0);
    const happened: string[] = [];
    const say = (text: string) => (): void => void happened.push(`${text} ${process.state}`);
    process.clock.schedule(10, say("first"));
    process.clock.schedule(20, say("second"));
    process.clock.schedule(90, say("last"));
    simulator.schedule(5, () => process.pause());
    simulator.schedule(50, () => process.resume());
    simulator.schedule(80, () => process.crash());
    await simulator.run(never, limits);
    expect(happened).toEqual(["first running", "second running"]);
    expect(simulator.nowMs - simulator.startedAtMs).toBe(80);
  });

  it("has a clock that jumps alone: not its timers, nor the time of others", async () => {
    const simulator = new Simulator();
    const process = new VirtualProcess(simulator, "worker", createRandom(1), 0);
    const startMs = process.clock.now();
    let firedAtMs = 0;
    process.clock.schedule(10, () => {
      firedAtMs = simulator.nowMs;
    });
    process.jumpClock(3_600_000);
    expect(process.clock.now() - startMs).toBe(3_600_000);
    await simulator.run(never, limits);
    expect(firedAtMs - simulator.startedAtMs).toBe(10);
  });
});
