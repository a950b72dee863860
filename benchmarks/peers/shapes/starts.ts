import { costsPerJob, type Measurement } from "../measurement.ts";
import type { StartResult } from "../messages.ts";
import type { Stage } from "../stage.ts";
import type { WorkloadOf } from "../workloads.ts";

/** How many jobs a process can start in a second. */
export async function measureStarts(
  stage: Stage,
  workload: WorkloadOf<"start">,
): Promise<Measurement> {
  const { concurrency, batchSize } = workload;
  const before = await stage.readServer();
  const { count, elapsedMs, usage, openCount } = (await stage.run({
    role: "start",
    count: workload.count,
    concurrency,
    batchSize,
    deadlineMs: stage.options.deadlineMs,
  })) as StartResult;
  const after = await stage.readServer();
  return {
    figures: {
      perSecond: (count / elapsedMs) * 1_000,
      ...costsPerJob(count, [before, after], usage),
    },
    isCut: count < workload.count,
    problems: openCount === count ? [] : [`${openCount} jobs of ${count} are there`],
  };
}
