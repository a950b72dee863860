import { expect, test } from "vitest";

import { listFunctionCosts, profileCpu } from "./profile-cpu.ts";

/** Some hundred samples long, however often it is interrupted. */
function burnCpu(): number {
  let sum = 0;
  for (let turn = 0; turn < 50_000_000; turn++) sum += Math.sqrt(turn);
  return sum;
}

test("the function that burns CPU has what it spends", async () => {
  const profile = await profileCpu(async () => {
    burnCpu();
  });
  const burned = listFunctionCosts(profile).find(({ name }) => name.startsWith("burnCpu"));
  expect(burned?.selfMicroseconds).toBeGreaterThan(0);
});

test("what passes between two samples is the first one's", () => {
  const callFrame = { scriptId: "1", url: "file:///a/b/c/d.ts", lineNumber: 6, columnNumber: 0 };
  const nodes = [
    { id: 1, callFrame: { ...callFrame, functionName: "outer" } },
    { id: 2, callFrame: { ...callFrame, functionName: "inner", lineNumber: 8 } },
  ];
  const profile = { nodes, startTime: 0, endTime: 0, samples: [1, 2, 1], timeDeltas: [9, 100, 30] };
  expect(listFunctionCosts(profile)).toEqual([
    { name: "outer b/c/d.ts:7", selfMicroseconds: 100 },
    { name: "inner b/c/d.ts:9", selfMicroseconds: 30 },
  ]);
});
