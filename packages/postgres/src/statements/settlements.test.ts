import type { NewJob, Settlement } from "queuert/adapter";
import { describe, expect, test } from "vitest";

import { groupSettlements } from "./settlements.ts";

const next: NewJob = {
  type: "next",
  input: undefined,
  priority: 5,
  schedule: undefined,
  blockers: [],
  traceContext: undefined,
};

function completed(chainId: string): Settlement {
  return { chainId, chainIndex: 0, claimNo: 1, outcome: { kind: "completed", output: undefined } };
}

function continued(chainId: string, blockedBy: readonly string[]): Settlement {
  const blockers = blockedBy.map((blocking, ordinal) => ({
    slot: "slot",
    ordinal,
    chainId: blocking,
  }));
  return {
    ...completed(chainId),
    outcome: { kind: "continued", next: { ...next, blockers }, isSticky: false },
  };
}

describe("groups of settlements", () => {
  test("stand in the order of their keys, and know their places", () => {
    const groups = groupSettlements([completed("c"), completed("a"), continued("b", [])]);
    expect(groups.map((group) => group.map(({ place }) => place))).toEqual([[2, 3, 1]]);
  });

  test("a continuation with blockers stands alone: it may wait for what an earlier one closes", () => {
    const groups = groupSettlements([
      completed("d"),
      completed("c"),
      continued("b", ["c"]),
      continued("a", ["b"]),
      completed("f"),
      completed("e"),
    ]);
    expect(groups.map((group) => group.map(({ place }) => place))).toEqual([
      [2, 1],
      [3],
      [4],
      [6, 5],
    ]);
  });

  test("there are none without settlements", () => {
    expect(groupSettlements([])).toEqual([]);
  });
});
