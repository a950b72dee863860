import { simulatedFaults } from "./faults.ts";
import type { SimulationPlan } from "./run-system.ts";

/** How many steps a short run has, from the shortest on. */
const shortStepCounts = [1, 2, 3, 5, 8];

/**
 * Finds a short plan that fails as the given one does, as `fails` says of any: first among short runs of other seeds, which are quick to try; then by
 * leaving out kinds of faults and steps as long as the rest still fails. `fails` is asked at most `tryCountMax` times. Gives the given plan
 * when nothing shorter was found.
 */
export async function shrinkPlan(
  plan: SimulationPlan,
  fails: (plan: SimulationPlan) => Promise<boolean>,
  tryCountMax: number,
): Promise<SimulationPlan> {
  let shortest = plan;
  let tryCount = 0;
  const accept = async (candidate: SimulationPlan): Promise<boolean> => {
    if (tryCount++ >= tryCountMax || !(await fails(candidate))) return false;
    shortest = candidate;
    return true;
  };

  const findShortRun = async (): Promise<void> => {
    const seedCount = Math.floor(tryCountMax / 2 / shortStepCounts.length);
    for (const stepCount of shortStepCounts.filter((count) => count < plan.steps.length)) {
      const steps = Array.from({ length: stepCount }, (_, index) => index);
      for (let offset = 0; offset < seedCount; offset++)
        if (await accept({ ...plan, seed: plan.seed + offset, steps })) return;
    }
  };
  const dropFaults = async (): Promise<void> => {
    for (const fault of simulatedFaults)
      if (!shortest.without.includes(fault))
        await accept({ ...shortest, without: [...shortest.without, fault] });
  };
  /** Halves first, then ever smaller runs of steps: late steps are the likeliest not to matter. */
  const dropSteps = async (): Promise<void> => {
    for (let size = shortest.steps.length; size >= 1; size = Math.floor(size / 2)) {
      for (let end = shortest.steps.length; end > 0; end -= size) {
        const steps = shortest.steps.filter((_, index) => index < end - size || index >= end);
        if (steps.length < shortest.steps.length) await accept({ ...shortest, steps });
      }
    }
  };

  await findShortRun();
  await dropFaults();
  await dropSteps();
  // Fewer steps may need fewer faults, and the other way round.
  await dropFaults();
  await dropSteps();
  return shortest;
}
