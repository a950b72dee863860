import type { Measurement } from "./measurement.ts";
import { measureDrain } from "./shapes/drain.ts";
import { measureIdle } from "./shapes/idle.ts";
import { measureLatency } from "./shapes/latency.ts";
import { measureStarts } from "./shapes/starts.ts";
import { withStage, type Stage, type StageOptions } from "./stage.ts";
import type { Workload } from "./workloads.ts";

/** Measures once, in an empty place and with processes that are made for this. */
export async function measure(
  system: string,
  workload: Workload,
  options: StageOptions,
): Promise<Measurement> {
  return withStage(system, options, async (stage) => measureShape(stage, workload));
}

async function measureShape(stage: Stage, workload: Workload): Promise<Measurement> {
  switch (workload.shape) {
    case "start":
      return measureStarts(stage, workload);
    case "drain":
      return measureDrain(stage, workload);
    case "latency":
      return measureLatency(stage, workload);
    case "idle":
      return measureIdle(stage, workload);
  }
}
