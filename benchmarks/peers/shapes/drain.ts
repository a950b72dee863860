import { setTimeout } from "node:timers/promises";

import { findProblems, monotonicMs } from "../ledger.ts";
import { costsPerJob, type Measurement } from "../measurement.ts";
import type { WorkResult } from "../messages.ts";
import type { MeasuredProcess } from "../open-process.ts";
import type { Stage } from "../stage.ts";
import { runsPerStart } from "../system.ts";
import type { WorkloadOf } from "../workloads.ts";

/** How fast jobs that are ready are run, from the workers' start until the last completion is durable. */
export async function measureDrain(
  stage: Stage,
  workload: WorkloadOf<"drain">,
): Promise<Measurement> {
  const { kind, concurrency, processCount, isHeld } = workload;
  const { deadlineMs, profile } = stage.options;
  const startCount = (await stage.run({
    role: "fill",
    kind,
    count: workload.count,
    deadlineMs,
  })) as number;
  if (workload.isAnalyzed) await stage.vacuum();
  const endHold = isHeld ? await stage.holdTransaction() : undefined;
  const workers = Array.from({ length: processCount }, () =>
    stage.open(
      { role: "work", kind, startCount, concurrency, isTimed: false, progressMs: 5 },
      { profile },
    ),
  );
  await Promise.all(workers.map(async (worker) => worker.hear("ready")));
  const before = await stage.readServer();
  const runCount = startCount * runsPerStart[kind];
  const run = await runWorkers(workers, runCount, deadlineMs);
  const after = await stage.readServer();
  await endHold?.();

  const { results, isCut, elapsedMs, handledCount } = run;
  const records = results.map(({ record }) => record);
  const usage = {
    statements: sum(results.map((result) => result.usage.statements)),
    cpuMicroseconds: sum(results.map((result) => result.usage.cpuMicroseconds)),
  };
  return {
    figures: {
      perSecond: (handledCount / elapsedMs) * 1_000,
      ...(startCount < workload.count ? { startCount } : {}),
      ...costsPerJob(handledCount, [before, after], usage),
      ...(isHeld ? { lastTenthRatio: compareTenths(records[0]?.tenthsAtMs ?? []) } : {}),
    },
    isCut,
    problems: [
      ...findProblems(records, isCut),
      ...results.flatMap(({ openCount }) =>
        openCount > 0 ? [`${openCount} jobs were never completed`] : [],
      ),
      ...(kind === "writing" && !isCut ? await findEffectProblems(stage, startCount) : []),
    ],
  };
}

interface WorkersRun {
  readonly results: readonly WorkResult[];
  readonly isCut: boolean;
  readonly elapsedMs: number;
  readonly handledCount: number;
}

/** Starts the workers together, and ends them when they have seen so many executions together or the deadline has come. */
async function runWorkers(
  workers: readonly MeasuredProcess[],
  runCount: number,
  deadlineMs: number,
): Promise<WorkersRun> {
  for (const worker of workers) worker.tell({ command: "go" });
  const began = await Promise.all(workers.map(async (worker) => worker.hear("began")));
  const beganAtMs = Math.min(...began.map(({ atMs }) => atMs));
  const handled = (): number => sum(workers.map(({ handledCount }) => handledCount));
  while (
    handled() < runCount &&
    monotonicMs() - beganAtMs < deadlineMs &&
    !workers.some(({ isOver }) => isOver)
  )
    await setTimeout(2);
  const isCut = handled() < runCount;
  for (const worker of workers) worker.tell({ command: "finish", isCut });
  const results = await Promise.all(
    workers.map(async (worker) => (await worker.finished()) as WorkResult),
  );
  // Whichever asks first hears that no job is open any more; all of them stop their clocks at a cut.
  const endedAtMs = Math.min(...results.map((result) => result.endedAtMs));
  return {
    results,
    isCut,
    elapsedMs: endedAtMs - beganAtMs,
    handledCount: isCut ? handled() : runCount,
  };
}

/** How fast the last tenth went, compared with the second one: the first warms up. */
function compareTenths(tenthsAtMs: readonly number[]): number {
  const [first, second] = tenthsAtMs;
  const [beforeLast, last] = tenthsAtMs.slice(-2);
  if (tenthsAtMs.length < 4 || !first || !second || !beforeLast || !last) return Number.NaN;
  return (second - first) / (last - beforeLast);
}

async function findEffectProblems(stage: Stage, startCount: number): Promise<string[]> {
  const { rowCount, jobCount } = await stage.countEffects();
  return rowCount === startCount && jobCount === startCount
    ? []
    : [`${rowCount} rows were written for ${jobCount} of ${startCount} jobs`];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
