import { setTimeout } from "node:timers/promises";

import { quantile } from "../../support/statistics.ts";
import { findProblems, monotonicMs } from "../ledger.ts";
import type { Measurement } from "../measurement.ts";
import type { PaceResult, WorkResult } from "../messages.ts";
import type { Stage } from "../stage.ts";
import type { WorkloadOf } from "../workloads.ts";

/** How long a new worker has to come to rest. */
const restMs = 2_000;

/** How soon a worker in another process begins a job that has been started, while little else is going on. */
export async function measureLatency(
  stage: Stage,
  { count, intervalMs }: WorkloadOf<"latency">,
): Promise<Measurement> {
  const worker = stage.open({
    role: "work",
    kind: "plain",
    startCount: count,
    concurrency: 10,
    isTimed: true,
    progressMs: 50,
  });
  await worker.hear("ready");
  worker.tell({ command: "go" });
  await worker.hear("started");
  await setTimeout(restMs);
  const { calledAtMs, startedAtMs } = (await stage.run({
    role: "pace",
    count,
    intervalMs,
  })) as PaceResult;
  const endsAtMs = monotonicMs() + stage.options.deadlineMs;
  while (worker.handledCount < count && monotonicMs() < endsAtMs && !worker.isOver)
    await setTimeout(5);
  worker.tell({ command: "finish", isCut: worker.handledCount < count });
  const { record } = (await worker.finished()) as WorkResult;
  // A handler may begin before the producer hears that its start has committed.
  const afterCommit = record.seenAtMs.map((seenAtMs, job) => seenAtMs - startedAtMs[job]!);
  const afterCall = record.seenAtMs.map((seenAtMs, job) => seenAtMs - calledAtMs[job]!);
  return {
    figures: {
      commitToStartP50: quantile(afterCommit, 0.5),
      commitToStartP95: quantile(afterCommit, 0.95),
      commitToStartP99: quantile(afterCommit, 0.99),
      callToStartP50: quantile(afterCall, 0.5),
      callToStartP95: quantile(afterCall, 0.95),
      callToStartP99: quantile(afterCall, 0.99),
    },
    isCut: false,
    problems: findProblems([record], false),
  };
}
