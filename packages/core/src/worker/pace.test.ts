import { expect, test } from "vitest";
import { Pace } from "./pace.ts";

const finish = (pace: Pace, count: number): void => {
  for (let index = 0; index < count; index++) pace.jobFinished();
};

test("nothing is held before a pace is known", () => {
  expect(new Pace(50, 250).aheadCount).toBe(0);
});

test("holds as many jobs as make up the time to hold, at the measured pace", () => {
  const pace = new Pace(50, 250);
  pace.endCycle(0, true);
  finish(pace, 20);
  pace.endCycle(10, true);
  expect(pace.aheadCount).toBe(100);
});

test("slow handlers hoard nothing", () => {
  const pace = new Pace(50, 250);
  pace.endCycle(0, true);
  finish(pace, 10);
  pace.endCycle(1_000, true);
  expect(pace.aheadCount).toBe(0);
});

test("the number is bounded, whatever the pace", () => {
  const pace = new Pace(10_000, 250);
  pace.endCycle(0, true);
  finish(pace, 100_000);
  pace.endCycle(1, true);
  expect(pace.aheadCount).toBe(500);
});

test("idle time does not count as slowness", () => {
  const pace = new Pace(50, 250);
  pace.endCycle(0, true);
  finish(pace, 100);
  pace.endCycle(10, false);
  const before = pace.aheadCount;
  pace.endCycle(1_000_000, true);
  expect(pace.aheadCount).toBe(before);
});

test("a prefetch of 0 ms holds nothing", () => {
  const pace = new Pace(0, 250);
  pace.endCycle(0, true);
  finish(pace, 1_000);
  pace.endCycle(1, true);
  expect(pace.aheadCount).toBe(0);
});
