import { describe, expect, test } from "vitest";

import { createLedger, findProblems } from "./ledger.ts";
import { childCount, numberRun, runsPerStart, type JobKind } from "./system.ts";

/** What a process records that has seen these executions. */
function recordRuns(kind: JobKind, startCount: number, runs: readonly number[]) {
  const ledger = createLedger(kind, startCount, false);
  for (const run of runs) ledger.note(run);
  return ledger.record();
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe("what is wrong with the executions of a benchmark", () => {
  test("nothing, when each took place once, in whichever process", () => {
    const records = [recordRuns("plain", 4, [0, 2]), recordRuns("plain", 4, [3, 1])];
    expect(findProblems(records, false)).toEqual([]);
  });

  test("a job that did not run, unless the measurement was cut", () => {
    const records = [recordRuns("plain", 3, [0, 1])];
    expect(findProblems(records, false)).toEqual(["1 jobs did not run"]);
    expect(findProblems(records, true)).toEqual([]);
  });

  test("a job that ran twice, in two processes too", () => {
    const records = [recordRuns("plain", 2, [0, 1]), recordRuns("plain", 2, [1])];
    expect(findProblems(records, true)).toEqual(["1 jobs ran more than once"]);
  });

  test("a step before the one before it", () => {
    const runs = range(runsPerStart.chain).toReversed();
    expect(findProblems([recordRuns("chain", 1, runs)], false)).toEqual([
      "4 jobs ran before one that they wait for",
    ]);
    expect(findProblems([recordRuns("chain", 2, range(10))], false)).toEqual([]);
  });

  test("a parent before one of its children", () => {
    const parent = numberRun("fan", 0, childCount);
    const children = range(childCount);
    const early = [...children.slice(1), parent, 0];
    expect(findProblems([recordRuns("fan", 1, early)], false)).toEqual([
      "1 jobs ran before one that they wait for",
    ]);
    expect(findProblems([recordRuns("fan", 1, [...children, parent])], false)).toEqual([]);
  });
});

test("the tenths of a drain have an instant each", () => {
  expect(recordRuns("plain", 40, range(40)).tenthsAtMs).toHaveLength(10);
});
