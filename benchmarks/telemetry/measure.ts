import { createClient, createWorker, defineJobTypes } from "queuert";

import type { BenchStore } from "../throughput/stores.ts";
import type { Mode } from "./modes.ts";

const jobTypes = defineJobTypes({
  noop: { entry: true },
  "step.0": { entry: true, continueWith: "step.1" },
  "step.1": { continueWith: "step.2" },
  "step.2": { continueWith: "step.3" },
  "step.3": { continueWith: "step.4" },
  "step.4": {},
});

/** What a number of jobs cost. */
export interface Cost {
  readonly jobsPerSecond: number;
  /** Of the whole process, the export of what was told included. */
  readonly cpuMicrosecondsPerJob: number;
  readonly spansPerJob: number;
}

/** What is measured, by name: each starts chains and drains them, and says of how many jobs. */
export const workloads = {
  "jobs, started in batches": { type: "noop", jobsPerChain: 1 },
  "5-step chains": { type: "step.0", jobsPerChain: 5 },
} as const;

/** Starts chains and runs them to their end with one worker in this process. */
export async function measure(
  store: BenchStore,
  mode: Mode,
  workload: keyof typeof workloads,
  jobCount: number,
): Promise<Cost> {
  const { type, jobsPerChain } = workloads[workload];
  const { state, notify } = store;
  const { telemetry } = mode;
  const client = await createClient({ jobTypes, state, notify, telemetry });
  const worker = createWorker(client, {
    concurrency: 50,
    handlers: {
      noop: async () => {},
      "step.0": async ({ continueWith }) => continueWith({ type: "step.1" }),
      "step.1": async ({ continueWith }) => continueWith({ type: "step.2" }),
      "step.2": async ({ continueWith }) => continueWith({ type: "step.3" }),
      "step.3": async ({ continueWith }) => continueWith({ type: "step.4" }),
      "step.4": async () => {},
    },
  });
  const cpuBefore = process.cpuUsage();
  const beganAtMs = performance.now();
  for (let left = jobCount / jobsPerChain; left > 0; left -= 1_000) {
    const chains = Array.from({ length: Math.min(left, 1_000) }, () => ({ type }));
    await client.startChains({ tx: "autocommit", chains });
  }
  await worker.start();
  await worker.drain();
  const elapsedMs = performance.now() - beganAtMs;
  await worker.stop();
  await client.close();
  await mode.dispose();
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    jobsPerSecond: Math.round((jobCount / elapsedMs) * 1_000),
    cpuMicrosecondsPerJob: Math.round(((user + system) / jobCount) * 10) / 10,
    spansPerJob: Math.round((mode.spanCount() / jobCount) * 100) / 100,
  };
}
