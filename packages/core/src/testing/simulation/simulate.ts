import { checkNumber } from "../../model/options.ts";
import type { JobTypes } from "../../types/job-types.ts";
import { startInvariant } from "./fleet.ts";
import { simulatedFaults, type SimulatedFault } from "./faults.ts";
import { runSimulatedSystem, type SimulatedRun, type SimulationPlan } from "./run-system.ts";
import { shrinkPlan } from "./shrink-plan.ts";
import type { Simulate, SimulationReport } from "./simulate-api.ts";
import { SimulationFailedError } from "./simulation-failed-error.ts";
import { buildUserSystem, type UntypedOptions } from "./user-system.ts";

const countMax = 1_000_000;

/** A failing run is tried again, shorter, as often as this. */
const tryCountMax = 150;

/**
 * Runs job types and handlers under faults, seed by seed, and checks invariants after each commit and at rest.
 *
 * @throws SimulationFailedError when something was untrue.
 */
export const simulate: Simulate = (jobTypes, options) =>
  simulateUntyped(jobTypes, options as never);

async function simulateUntyped(
  jobTypes: JobTypes<unknown> | readonly JobTypes<unknown>[],
  options: UntypedOptions,
): Promise<SimulationReport> {
  const run = (plan: SimulationPlan, trace?: (line: string) => void): Promise<SimulatedRun> =>
    runSimulatedSystem(
      plan,
      (world, memory) => buildUserSystem(jobTypes, options, world, memory),
      trace,
    );
  const runs: SimulatedRun[] = [];
  for (const plan of plansOf(options)) {
    const result = await run(plan, options.trace);
    // Job types and handlers that do not fit together are no finding.
    if (result.failure?.invariant === startInvariant) throw result.failure.error;
    if (result.verdict !== "pass") throw await failureOf(result, run, options.replay !== undefined);
    runs.push(result);
  }
  return reportOn(runs);
}

function plansOf(options: UntypedOptions): readonly SimulationPlan[] {
  const { seed = 1, seedCount = 20, stepCount = 20, without = [], replay } = options;
  if (replay !== undefined) return [replay];
  checkNumber(seed, "seed", { min: 0, max: 2 ** 32 - 1, isWhole: true });
  checkNumber(seedCount, "seedCount", { min: 1, max: countMax, isWhole: true });
  checkNumber(stepCount, "stepCount", { min: 0, max: countMax, isWhole: true });
  const steps = Array.from({ length: stepCount }, (_, index) => index);
  return Array.from({ length: seedCount }, (_, index) => ({ seed: seed + index, steps, without }));
}

/** The error of a run that did not pass, with its short form. */
async function failureOf(
  failed: SimulatedRun,
  run: (plan: SimulationPlan) => Promise<SimulatedRun>,
  isReplay: boolean,
): Promise<SimulationFailedError> {
  const invariant = invariantOf(failed);
  const replay = isReplay
    ? failed.plan
    : await shrinkPlan(
        failed.plan,
        async (plan) => {
          const result = await run(plan);
          return result.verdict !== "pass" && invariantOf(result) === invariant;
        },
        tryCountMax,
      );
  const shown = replay === failed.plan ? failed : await run(replay);
  return new SimulationFailedError({
    invariant,
    seed: failed.plan.seed,
    replay,
    story: shown.trace,
    cause:
      shown.failure?.error ??
      new Error(`The run was not at rest after ${shown.eventCount} events.`),
  });
}

function invariantOf({ failure }: SimulatedRun): string {
  return failure?.invariant ?? "every chain comes to rest";
}

function reportOn(runs: readonly SimulatedRun[]): SimulationReport {
  const countOf = (name: string): number =>
    runs.reduce((sum, { counts }) => sum + (counts.get(name) ?? 0), 0);
  return {
    seedCount: runs.length,
    chainCount: countOf("chains"),
    attemptCount: countOf("attempts"),
    faults: Object.fromEntries(
      simulatedFaults.map((fault) => [fault, countOf(`fault: ${fault}`)]),
    ) as Record<SimulatedFault, number>,
    virtualMs: runs.reduce((sum, { virtualMs }) => sum + virtualMs, 0),
    traceHashes: runs.map(({ traceHash }) => traceHash),
  };
}
