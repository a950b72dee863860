import { createMemoryStateAdapter } from "queuert";
import type { StateAdapter } from "queuert/adapter";
import { expect, test } from "vitest";

import type { ConformanceFixture } from "../fixture.ts";
import { runDifferential } from "./run-differential.ts";

function fixtureOf(
  change: (state: StateAdapter) => Partial<StateAdapter> = () => ({}),
): ConformanceFixture {
  return {
    name: "memory",
    kinds: ["state"],
    capabilities: [],
    skips: [],
    createStore: async () => ({
      openState: async ({ clock }) => {
        const state = createMemoryStateAdapter({ clock }) as StateAdapter;
        return { ...state, ...change(state) };
      },
      sibling: {},
      dispose: async () => {},
    }),
  };
}

test("an adapter equals itself, and a seed repeats its steps", async () => {
  const run = async (): Promise<readonly string[]> => {
    const report = await runDifferential({
      reference: fixtureOf(),
      subject: fixtureOf(),
      seed: 5,
      stepCount: 150,
    });
    expect(report).toMatchObject({ isEqual: true, stepCount: 150 });
    return report.actions;
  };
  expect(await run()).toEqual(await run());
});

test("a wrong answer is found at its step", async () => {
  const subject = fixtureOf((state) => ({
    promote: async (params) => ({ ...(await state.promote(params)), nextDueInMs: -1 }),
  }));
  const report = await runDifferential({
    reference: fixtureOf(),
    subject,
    seed: 5,
    stepCount: 300,
  });
  expect(report).toMatchObject({
    isEqual: false,
    difference: { action: "promote", step: report.stepCount },
  });
  expect(report.difference?.message).toContain("nextDueInMs");
});

test("a write that is missing is found in the snapshot, although its answer was right", async () => {
  const subject = fixtureOf(() => ({ setTypesPaused: async () => {} }));
  const report = await runDifferential({
    reference: fixtureOf(),
    subject,
    seed: 5,
    stepCount: 600,
    stepsPerSnapshot: 1,
  });
  expect(report.difference?.message).toMatch(/snapshot|claimed/);
});
