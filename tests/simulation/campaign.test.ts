import { describe, expect, it } from "vitest";
import { runCampaign } from "./campaign.ts";
import { firstSteps } from "./run-simulation.ts";
import type { RangeResult } from "./seed-range.ts";

describe("a campaign", () => {
  it("runs its seeds in several processes, and goes on where it was interrupted", async () => {
    const ranges: RangeResult[] = [];
    const campaign = {
      from: 900_001,
      count: 60,
      steps: firstSteps(2),
      onRange: (range: RangeResult) => void ranges.push(range),
    };
    const first = await runCampaign({ ...campaign, processCount: 2, isFresh: true });
    expect([first.count, first.passCount, first.failures]).toEqual([60, 60, []]);
    expect(new Map(ranges.map(({ from, count }) => [from, count]))).toEqual(
      new Map([
        [900_001, 50],
        [900_051, 10],
      ]),
    );

    // Without a process, there is nothing but what was done before.
    const second = await runCampaign({ ...campaign, processCount: 0, isFresh: false });
    expect(second).toEqual(first);
    expect(ranges.length).toBe(4);
  });
});
