import { openTestServer, type TestServer } from "@queuert/testkit/postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { runAwaits } from "./run-awaits.ts";
import { runSoak } from "./run-soak.ts";
import { findGrowth, type Sample } from "./sample.ts";

// The short form. `npm run chaos soak` is the long one.

let server: TestServer;

beforeAll(async () => {
  server = await openTestServer();
});

afterAll(async () => {
  await server.dispose();
});

describe.each(["postgres", "sqlite"] as const)("on %s", (adapter) => {
  it("E5: a process at work keeps nothing of what is over", async () => {
    const report = await runSoak({ adapter, server, seconds: 5 });
    expect(report.growth).toEqual([]);
    expect(report.jobCount).toBeGreaterThan(0);
  });

  it("B9: a thousand that wait at once leave no listeners and no timers", async () => {
    const report = await runAwaits({ adapter, server, awaitCount: 1_000 });
    expect(report.growth).toEqual([]);
    expect(report.during.timerCount).toBeGreaterThanOrEqual(1_000);
  });
});

it("tells what grows", () => {
  const sampleAt = (round: number): Sample => ({
    heapBytes: 10_000_000 + round * 1_000_000,
    rssBytes: 0,
    timerCount: round,
    handleCount: 1,
    fileCount: 0,
    connectionCount: 0,
    jobCount: round,
  });
  const growth = findGrowth(Array.from({ length: 12 }, (_, round) => sampleAt(round)));
  expect(growth).toEqual([
    "heapBytes grew from 16000000 to 20000000",
    "timerCount grew from 6 to 10",
  ]);
});
