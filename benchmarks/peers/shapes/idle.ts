import { setTimeout } from "node:timers/promises";

import { findProblems } from "../ledger.ts";
import { difference, type Measurement } from "../measurement.ts";
import type { Usage, WorkResult } from "../messages.ts";
import type { ServerUsage } from "../meters.ts";
import type { MeasuredProcess } from "../open-process.ts";
import type { Stage } from "../stage.ts";
import type { WorkloadOf } from "../workloads.ts";

/** How long a worker has to come to rest after its first jobs. */
const restMs = 3_000;
const startCount = 10;

/** What a worker costs that has nothing to do. */
export async function measureIdle(
  stage: Stage,
  { durationMs }: WorkloadOf<"idle">,
): Promise<Measurement> {
  const { deadlineMs } = stage.options;
  await stage.run({ role: "fill", kind: "plain", count: startCount, deadlineMs });
  const worker = stage.open({
    role: "work",
    kind: "plain",
    startCount,
    concurrency: 10,
    isTimed: false,
    // Telling is work, too.
    progressMs: 1_000,
  });
  await worker.hear("ready");
  worker.tell({ command: "go" });
  await worker.hear("started");
  await setTimeout(restMs);
  const before = await takeSample(stage, worker);
  await setTimeout(durationMs);
  const after = await takeSample(stage, worker);
  worker.tell({ command: "finish", isCut: false });
  const { record } = (await worker.finished()) as WorkResult;
  const seconds = (after.usage.atMs - before.usage.atMs) / 1_000;
  const cpu = after.usage.cpuMicroseconds - before.usage.cpuMicroseconds;
  const serverCpu = difference(before.server.cpuMicroseconds, after.server.cpuMicroseconds);
  return {
    figures: {
      statementsPerSecond: (after.usage.statements - before.usage.statements) / seconds,
      cpuMsPerSecond: cpu / 1_000 / seconds,
      serverCpuMsPerSecond: serverCpu / 1_000 / seconds,
      residentMegabytes: after.usage.residentBytes / 1e6,
    },
    isCut: false,
    problems: findProblems([record], false),
  };
}

async function takeSample(
  stage: Stage,
  worker: MeasuredProcess,
): Promise<{ usage: Usage; server: ServerUsage }> {
  worker.tell({ command: "sample" });
  const { usage } = await worker.hear("usage");
  return { usage, server: await stage.readServer() };
}
