import { describe, expect, it } from "vitest";
import { breakages } from "./breakages.ts";
import { regressions } from "./regressions.ts";
import { runSimulation, type SimulationResult } from "./run-simulation.ts";
import { invariants } from "./violation.ts";

const steps = 80;
const seeds = Array.from({ length: 60 }, (_, index) => index + 1);

function describeFailure({ seed, violation, verdict }: SimulationResult): string {
  return `${verdict}: ${violation?.message ?? "no violation"}\n  replay: node --conditions=queuert-source tests/simulation/main.ts --seed ${seed} --steps ${steps} --trace 200`;
}

describe("the simulation", () => {
  const counts = new Map<string, number>();

  it.each(seeds)("finds nothing untrue with seed %i", async (seed) => {
    const result = await runSimulation({ seed, steps });
    for (const [name, count] of result.counts) counts.set(name, (counts.get(name) ?? 0) + count);
    expect(result.verdict, describeFailure(result)).toBe("pass");
  });

  it("has gone through everything that it is meant to go through", () => {
    const missing = happenings.filter((name) => !counts.has(name));
    expect(missing).toEqual([]);
  });

  it.each(regressions)(
    "finds nothing untrue any more: $name",
    async ({ seed, steps: stepCount }) => {
      const result = await runSimulation({ seed, steps: stepCount });
      expect(result.verdict, describeFailure(result)).toBe("pass");
    },
  );

  it("repeats a run from its seed", async () => {
    const [first, second, other] = [
      await runSimulation({ seed: 11, steps }),
      await runSimulation({ seed: 11, steps }),
      await runSimulation({ seed: 12, steps }),
    ];
    expect([second.traceHash, second.eventCount]).toEqual([first.traceHash, first.eventCount]);
    expect(other.traceHash).not.toBe(first.traceHash);
  });
});

describe("the simulation finds out a database", () => {
  it.each(breakages)(
    "in which $name ($invariant)",
    async ({ invariant, breakStore, breakReplies }) => {
      let found: SimulationResult | undefined;
      for (let seed = 1; found === undefined && seed <= 12; seed++) {
        const result = await runSimulation({ seed, steps, breakStore, breakReplies });
        if (result.verdict === "fail") found = result;
      }
      expect(
        found?.violation?.invariant,
        found === undefined ? "found nothing" : describeFailure(found),
      ).toBe(invariant);
    },
  );

  it("for each invariant at least once", () => {
    const shown = new Set(breakages.map(({ invariant }) => invariant));
    expect(
      Object.keys(invariants).filter((name) => !shown.has(name as keyof typeof invariants)),
    ).toEqual([]);
  });
});

/** Without these, a pass would say little. */
const happenings = [
  "claim: held",
  "claim: started",
  "claim: sticky",
  "claim: suspect",
  "handler: commit",
  "handler: crash",
  "handler: forgetCommit",
  "handler: hang",
  "handler: ignoreSignal",
  "handler: reschedule",
  "handler: throw",
  "handler: throwAfterCommit",
  "handler: unrecoverable",
  "mischief: crash",
  "mischief: jump",
  "mischief: outage",
  "mischief: outageForAll",
  "mischief: pause",
  "mischief: stop",
  "publish failed",
  "reap: held job released",
  "reap: started job failed",
  "reap: started job released",
  "renew: lease lost",
  "renew: unknown job given back",
  "settlement deferred",
  "slow message",
  "start: created",
  "start: debounced",
  "start: kept",
  "start: replaced",
  "start: sameId",
  "store call refused",
  "store conflict",
  "store reply lost",
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
  "verdict: settled",
  "wake-up delayed",
  "wake-up doubled",
  "wake-up dropped",
];
