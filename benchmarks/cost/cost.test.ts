import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { measureJobCosts, type JobCosts } from "./measure.ts";

/** The contract. A change that costs more fails here, and one that costs less is pinned anew: `npm run bench cost -- --pin`. */
const pins = JSON.parse(readFileSync(new URL("pins.json", import.meta.url), "utf8")) as JobCosts;
const tolerance = { commits: 0.15, statements: 0.05, walBytes: 0.15 };

describe("what a job costs the database, within the contract", () => {
  let costs: JobCosts;
  beforeAll(async () => {
    costs = await measureJobCosts();
  }, 60_000);

  test("the same ways of running a job are measured and pinned", () => {
    expect(Object.keys(costs)).toEqual(Object.keys(pins));
  });

  test.each(
    Object.entries(pins).flatMap(([name, pin]) =>
      (["commits", "statements", "walBytes"] as const).map(
        (kind) => [name, kind, pin[kind]] as const,
      ),
    ),
  )("%s: %s", (name, kind, pin) => {
    const measured = costs[name]![kind];
    expect(measured).toBeLessThanOrEqual(pin * (1 + tolerance[kind]));
    expect(measured).toBeGreaterThanOrEqual(pin * (1 - tolerance[kind]) * 0.8);
  });
});
