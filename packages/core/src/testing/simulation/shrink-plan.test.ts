import { describe, expect, it } from "vitest";

import { simulatedFaults } from "./faults.ts";
import type { SimulationPlan } from "./run-system.ts";
import { shrinkPlan } from "./shrink-plan.ts";

const plan: SimulationPlan = {
  seed: 1,
  steps: Array.from({ length: 40 }, (_, index) => index),
  without: ["slow"],
};

describe("shrinkPlan", () => {
  it("keeps the steps and faults that the failure needs", async () => {
    const fails = async ({ steps, without }: SimulationPlan): Promise<boolean> =>
      steps.includes(7) && steps.includes(31) && !without.includes("replyLost");
    const shrunk = await shrinkPlan(plan, fails, 500);
    expect(shrunk.steps).toEqual([7, 31]);
    expect(simulatedFaults.filter((fault) => !shrunk.without.includes(fault))).toEqual([
      "replyLost",
    ]);
    expect(shrunk.seed).toBe(1);
  });

  it("takes the short run of another seed that fails alike", async () => {
    const fails = async ({ seed, steps }: SimulationPlan): Promise<boolean> =>
      seed === 9 && steps.length >= 2;
    const shrunk = await shrinkPlan(plan, fails, 500);
    expect([shrunk.seed, shrunk.steps]).toEqual([9, [0, 1]]);
    expect(shrunk.without.length).toBe(simulatedFaults.length);
  });

  it("leaves out every step when the failure needs none", async () => {
    expect((await shrinkPlan(plan, async () => true, 500)).steps).toEqual([]);
  });

  it("gives the plan itself when all of it is needed", async () => {
    expect(await shrinkPlan(plan, async () => false, 500)).toBe(plan);
  });

  it("stops asking after the given number of tries", async () => {
    let tryCount = 0;
    await shrinkPlan(
      plan,
      async () => {
        tryCount++;
        return false;
      },
      25,
    );
    expect(tryCount).toBe(25);
  });
});
