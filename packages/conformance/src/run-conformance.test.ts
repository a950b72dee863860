import { describe, expect, test } from "vitest";

import { defineCase, type ConformanceCase } from "./case.ts";
import type { ConformanceFixture, ConformanceStore } from "./fixture.ts";
import { formatConformanceReport } from "./report.ts";
import { planCases, runConformance, runConformanceCase } from "./run-conformance.ts";
import type { AnySuite } from "./suites.ts";

function suiteOf(...cases: readonly ConformanceCase<ConformanceStore>[]): AnySuite {
  return { kind: "behaviour", name: "example", cases };
}

function fixtureOf(fields: Partial<ConformanceFixture> = {}): ConformanceFixture {
  return {
    name: "example",
    kinds: ["behaviour"],
    capabilities: [],
    skips: [],
    createStore: async () => ({ sibling: {}, dispose: async () => {} }),
    ...fields,
  };
}

const passes = defineCase<ConformanceStore>("P1 B7b: passes", async () => {});
const fails = defineCase<ConformanceStore>("P2: fails", async (_store, check) => check.equal(1, 2));
const needy = defineCase<ConformanceStore>("P3: needs a schema", async () => {}, {
  needs: "schema",
});
const hangs = defineCase<ConformanceStore>("P4: hangs", async () => new Promise<void>(() => {}));

async function outcomesOf(
  fixture: ConformanceFixture,
  ...cases: readonly ConformanceCase<ConformanceStore>[]
): Promise<readonly (readonly [string, string])[]> {
  const report = await runConformance({
    fixture,
    suites: [suiteOf(...cases)],
    shuffleSeed: 1,
    caseTimeoutMs: 50,
  });
  return report.cases
    .map((entry) => [entry.name, entry.outcome] as const)
    .toSorted(([left], [right]) => left.localeCompare(right));
}

test("tags are the words before the first colon, where all are tags", () => {
  const tagsOf = (name: string): readonly string[] => defineCase(name, async () => {}).tags;
  expect(tagsOf("P1 B7b Q10 G: text")).toEqual(["P1", "B7b", "Q10", "G"]);
  expect(tagsOf("reads: text")).toEqual([]);
  expect(tagsOf("P1 text: more")).toEqual([]);
  expect(tagsOf("no colon")).toEqual([]);
});

describe("outcomes", () => {
  test("a case passes, fails, or fails by its deadline", async () => {
    expect(await outcomesOf(fixtureOf(), passes, fails, hangs)).toEqual([
      [passes.name, "passed"],
      [fails.name, "failed"],
      [hangs.name, "failed"],
    ]);
  });

  test("a case whose need is met runs", async () => {
    expect(await outcomesOf(fixtureOf({ capabilities: ["schema"] }), needy)).toEqual([
      [needy.name, "passed"],
    ]);
  });

  test("a case whose need is not met is skipped when the table names it, else it fails", async () => {
    expect(
      await outcomesOf(fixtureOf({ skips: [{ case: needy.name, reason: "none" }] }), needy),
    ).toEqual([[needy.name, "skipped"]]);
    expect(await outcomesOf(fixtureOf(), needy)).toEqual([[needy.name, "failed"]]);
  });

  test("a case that the table names is skipped when it fails, and fails when it passes", async () => {
    const skips = [fails, passes].map(({ name }) => ({ case: name, reason: "known" }));
    expect(await outcomesOf(fixtureOf({ skips }), fails, passes)).toEqual([
      [passes.name, "failed"],
      [fails.name, "skipped"],
    ]);
  });

  test("a store that cannot be made or disposed of fails the case", async () => {
    const broken = async (): Promise<never> => {
      throw new Error("no disk");
    };
    expect(await outcomesOf(fixtureOf({ createStore: broken }), passes)).toEqual([
      [passes.name, "failed"],
    ]);
    expect(
      await outcomesOf(
        fixtureOf({ createStore: async () => ({ sibling: {}, dispose: broken }) }),
        passes,
      ),
    ).toEqual([[passes.name, "failed"]]);
  });
});

test("a table that names a case that does not exist fails a whole run", async () => {
  const report = await runConformance({
    fixture: fixtureOf({ kinds: [], skips: [{ case: "gone", reason: "old" }] }),
    shuffleSeed: 1,
  });
  expect(report.cases).toMatchObject([{ suite: "skips", name: "gone", outcome: "failed" }]);
});

test("the seed decides the order, the filter the cases, and the kinds the suites", async () => {
  const cases = Array.from({ length: 20 }, (_, index) =>
    defineCase<ConformanceStore>(`P1: case ${index}`, async () => {}),
  );
  const namesOf = async (shuffleSeed: number, filter?: string): Promise<string[]> =>
    (
      await runConformance({
        fixture: fixtureOf(),
        suites: [suiteOf(...cases)],
        shuffleSeed,
        filter,
      })
    ).cases.map((entry) => entry.name);
  expect(await namesOf(1)).toEqual(await namesOf(1));
  expect(await namesOf(1)).not.toEqual(await namesOf(2));
  expect(await namesOf(1, "case 7")).toEqual(["P1: case 7"]);
  expect(planCases(fixtureOf({ kinds: ["state"] }), [suiteOf(passes)])).toEqual([]);
});

test("a failure names its error, and the report counts and prints", async () => {
  const suite = suiteOf(passes, fails, needy);
  const fixture = fixtureOf({ skips: [{ case: needy.name, reason: "has no schema" }] });
  const report = await runConformance({ fixture, suites: [suite], shuffleSeed: 1 });
  expect(report.counts).toEqual({ run: 2, passed: 1, failed: 1, skipped: 1 });
  const text = formatConformanceReport(report);
  expect(text).toMatch(/behaviour\/example +2 +1 +1 +1/);
  expect(text).toMatch(/skipped:\n +P3: needs a schema\n +has no schema/);
  expect(text).toMatch(/failed:\n +P2: fails\n +ConformanceFailure: got 1, expected 2/);
  const [planned] = planCases(fixture, [suite]);
  expect(
    await runConformanceCase({ fixture, planned: planned!, shuffleSeed: 1, caseTimeoutMs: 100 }),
  ).toMatchObject({ name: passes.name, tags: ["P1", "B7b"], outcome: "passed" });
});
