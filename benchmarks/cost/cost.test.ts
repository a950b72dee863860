import { readFileSync } from "node:fs";

import { beforeAll, describe, expect, test } from "vitest";

import { databases, type JobCosts } from "./measure.ts";

/** The contract. A change that costs more fails here, and one that costs less is pinned anew: `npm run bench cost -- --pin`. */
const pins = JSON.parse(readFileSync(new URL("pins.json", import.meta.url), "utf8")) as Readonly<
  Record<string, JobCosts>
>;
/** How many outcomes an exchange carries differs a little from run to run, and what is counted by exchange with it. */
const tolerances: Readonly<Record<string, number>> = {
  commits: 0.15,
  statements: 0.05,
  transactions: 0.15,
  roundTrips: 0.15,
  walBytes: 0.15,
  deadRows: 0.05,
};

test("the databases that are measured are pinned", () => {
  expect(Object.keys(databases)).toEqual(Object.keys(pins));
});

describe.each(Object.entries(pins))(
  "what a job costs on %s, within the contract",
  (name, pinned) => {
    let costs: JobCosts;
    beforeAll(async () => {
      costs = await databases[name]!();
    }, 120_000);

    test("the same ways of running a job are measured and pinned", () => {
      expect(Object.keys(costs)).toEqual(Object.keys(pinned));
    });

    test.each(
      Object.entries(pinned).flatMap(([way, cost]) =>
        Object.entries(cost).map(([kind, pin]) => [way, kind, pin] as const),
      ),
    )("%s: %s", (way, kind, pin) => {
      const measured = costs[way]![kind]!;
      const tolerance = tolerances[kind]!;
      expect(measured).toBeLessThanOrEqual(pin * (1 + tolerance));
      expect(measured).toBeGreaterThanOrEqual(pin * (1 - tolerance) * 0.8);
    });
  },
);
