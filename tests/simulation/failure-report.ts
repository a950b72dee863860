import { shrinkPlan, type SimulationPlan } from "queuert/testing";
import { formatReplay } from "./plan-arguments.ts";
import { runSimulation, type SimulationOptions, type SimulationResult } from "./run-simulation.ts";

const tryCountMax = 200;
const storyLineCount = 40;

/** A shorter plan that fails by the same invariant. `breaks`: how the database of the failing run was broken, if it was. */
export function shrinkFailure(
  result: SimulationResult,
  breaks: Pick<SimulationOptions, "breakStore" | "breakReplies"> = {},
): Promise<SimulationPlan> {
  const invariant = result.failure?.invariant;
  return shrinkPlan(
    result.plan,
    async (plan) => (await runSimulation({ ...plan, ...breaks })).failure?.invariant === invariant,
    tryCountMax,
  );
}

/** What was untrue, the commands that repeat it, and the short story of how it came to be. */
export async function describeFailure(result: SimulationResult): Promise<string> {
  const { plan, verdict, failure } = result;
  if (failure === undefined)
    return [
      `${verdict}: seed ${plan.seed} did not come to rest within ${result.eventCount} events`,
      `  replay: ${formatReplay(plan)}`,
    ].join("\n");
  const shrunk = await shrinkFailure(result);
  const { trace, failure: shrunkFailure } = await runSimulation(shrunk);
  return [
    `fail: seed ${plan.seed}: ${(failure.error as Error).message}`,
    `  replay:        ${formatReplay(plan)}`,
    `  replay, short: ${formatReplay(shrunk)}`,
    `  the end of the short story, which ends with: ${String((shrunkFailure?.error as Error | undefined)?.message)}`,
    ...trace.slice(-storyLineCount).map((line) => `    ${line}`),
  ].join("\n");
}
