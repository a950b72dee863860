import { simulatedFaults } from "queuert/testing";
import { describe, expect, it } from "vitest";
import { breakages } from "./breakages.ts";
import { describeFailure, shrinkFailure } from "./failure-report.ts";
import { formatReplay, parsePlan } from "./plan-arguments.ts";
import { firstSteps, runSimulation, type SimulationResult } from "./run-simulation.ts";
import { invariants } from "./violation.ts";

const seeds = firstSteps(60).map((index) => index + 1);

/** "pass", or what is to be known of the failure. */
async function judge(result: SimulationResult): Promise<string> {
  return result.verdict === "pass" ? "pass" : describeFailure(result);
}

describe("the simulation", () => {
  const counts = new Map<string, number>();

  it.each(seeds)("finds nothing untrue with seed %i", async (seed) => {
    const result = await runSimulation({ seed });
    for (const [name, count] of result.counts) counts.set(name, (counts.get(name) ?? 0) + count);
    expect(await judge(result)).toBe("pass");
  });

  it("has gone through everything that it is meant to go through", () => {
    const missing = happenings.filter((name) => !counts.has(name));
    expect(missing).toEqual([]);
  });

  it("repeats a run from its seed", async () => {
    const [first, second, other] = [
      await runSimulation({ seed: 11 }),
      await runSimulation({ seed: 11 }),
      await runSimulation({ seed: 12 }),
    ];
    expect([second.traceHash, second.eventCount]).toEqual([first.traceHash, first.eventCount]);
    expect(second.trace).toEqual(first.trace);
    expect(other.traceHash).not.toBe(first.traceHash);
  });

  it("takes each step alike when others are left out", async () => {
    const whole = await runSimulation({ seed: 2, steps: firstSteps(12), without: simulatedFaults });
    const part = await runSimulation({ seed: 2, steps: [3, 4, 11], without: simulatedFaults });
    const actionOf = ({ trace }: SimulationResult, step: number): string | undefined =>
      trace[trace.findIndex((line) => line.endsWith(`  step ${step}`)) + 1];
    for (const step of [3, 4, 11]) expect(actionOf(part, step)).toBe(actionOf(whole, step));
    expect(await judge(part)).toBe("pass");
  });
});

describe("a crash of all processes", () => {
  // Without other faults, so that each run is short and the crash alone decides.
  it.each([1, 5, 9])("after any event of seed %i is survived", async (seed) => {
    const calm = { seed, steps: firstSteps(5), without: simulatedFaults };
    const { eventCount } = await runSimulation(calm);
    expect(eventCount).toBeGreaterThan(100);
    for (let event = 1; event <= eventCount; event++)
      expect(await judge(await runSimulation({ ...calm, crashAfterEvent: event }))).toBe("pass");
  });
});

describe("the simulation finds out a database", () => {
  it.each(breakages)(
    "in which $name ($invariant)",
    async ({ invariant, alsoBroken = [], breakStore, breakReplies }) => {
      const isFound = ({ failure }: SimulationResult): boolean => failure?.invariant === invariant;
      let failed: SimulationResult | undefined;
      for (let seed = 1; (failed === undefined || !isFound(failed)) && seed <= 20; seed++) {
        const result = await runSimulation({ seed, breakStore, breakReplies });
        if (result.verdict !== "fail") continue;
        failed = result;
        const { failure } = result;
        expect([invariant, ...alsoBroken], String(failure?.error)).toContain(failure?.invariant);
      }
      expect(failed?.failure?.invariant, String(failed?.failure?.error)).toBe(invariant);
    },
  );

  it("for each invariant at least once", () => {
    const shown = new Set<string>(breakages.map(({ invariant }) => invariant));
    expect(Object.keys(invariants).filter((name) => !shown.has(name))).toEqual([]);
  });
});

describe("a failure", () => {
  const { breakStore } = breakages.find(({ name }) => name === "an unblocked job is forgotten")!;

  it("shrinks to a short plan that fails alike, and that a command repeats", async () => {
    let seed = 1;
    while ((await runSimulation({ seed, breakStore })).verdict !== "fail") seed++;
    const result = await runSimulation({ seed, breakStore });
    const shrunk = await shrinkFailure(result, { breakStore });
    expect(shrunk.steps.length).toBeLessThan(10);
    expect(shrunk.without.length).toBeGreaterThan(10);

    const given = formatReplay(shrunk).replace("npm run simulate -- ", "").split(" ");
    const values = Object.fromEntries(
      given.flatMap((word, index) =>
        word.startsWith("--") ? [[word.slice(2), given[index + 1]]] : [],
      ),
    );
    expect(parsePlan(values)).toEqual(shrunk);
    const again = await runSimulation({ ...parsePlan(values), breakStore });
    expect(again.failure?.invariant).toBe(result.failure?.invariant);
  });
});

/** Without these, a pass would say little. */
const happenings = [
  "claim: held",
  "claim: started",
  "claim: sticky",
  "claim: suspect",
  ...simulatedFaults.map((fault) => `fault: ${fault}`),
  "handler: commit",
  "handler: crash",
  "handler: forgetCommit",
  "handler: hang",
  "handler: ignoreSignal",
  "handler: reschedule",
  "handler: throw",
  "handler: throwAfterCommit",
  "handler: unrecoverable",
  "reap: held job released",
  "reap: started job failed",
  "reap: started job released",
  "renew: lease lost",
  "renew: unknown job given back",
  "start: created",
  "start: debounced",
  "start: kept",
  "start: replaced",
  "start: sameId",
  "unblocked",
  "user: cancel",
  "user: complete",
  "user: pause",
  "user: redrive",
  "user: remove",
  "user: reschedule",
  "user: resume",
  "user: rollBack",
  "user: startInSavepoint",
  "user: startUnannounced",
  "user: startWithHooks",
  "user: trigger",
  "verdict: already",
  "verdict: lost",
  "verdict: refused",
  "verdict: settled",
];
