import { writeFileSync } from "node:fs";
import { arch, cpus, platform } from "node:os";
import { parseArgs } from "node:util";

import { stores } from "../throughput/stores.ts";
import { measure, workloads, type Cost } from "./measure.ts";
import { modes } from "./modes.ts";

/** What telemetry costs: off, with providers that do nothing, and with a full SDK. The modes take turns, so that a neighbour's load meets all of them. */
const { values } = parseArgs({
  options: {
    store: { type: "string" },
    runs: { type: "string", default: "5" },
    jobs: { type: "string", default: "10000" },
    json: { type: "string" },
  },
});
const runCount = Number(values.runs);
const jobCount = Number(values.jobs);

interface Row extends Cost {
  readonly store: string;
  readonly workload: string;
  readonly mode: string;
  /** CPU beyond that of the first mode, per job. */
  readonly overheadMicroseconds: number;
}

function medianBy(costs: readonly Cost[], figure: (cost: Cost) => number): number {
  const sorted = costs.map(figure).toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)]!;
}

const rows: Row[] = [];
console.log(
  `${jobCount} jobs, ${runCount} runs each; Node ${process.version}, ${platform()} ${arch()}, ${cpus().length} × ${cpus()[0]?.model ?? "?"}`,
);
for (const [storeName, openStore] of Object.entries(stores)) {
  if (values.store !== undefined && !storeName.includes(values.store)) continue;
  for (const workload of Object.keys(workloads) as (keyof typeof workloads)[]) {
    const costs = new Map<string, Cost[]>(Object.keys(modes).map((mode) => [mode, []]));
    // The first round only warms up.
    for (let run = 0; run <= runCount; run++) {
      for (const [mode, open] of Object.entries(modes)) {
        const store = await openStore();
        const cost = await measure(store, open(), workload, jobCount);
        await store.dispose();
        if (run > 0) costs.get(mode)!.push(cost);
      }
    }
    const off = medianBy(costs.get("off")!, (cost) => cost.cpuMicrosecondsPerJob);
    for (const [mode, measured] of costs) {
      const cpu = medianBy(measured, (cost) => cost.cpuMicrosecondsPerJob);
      const row: Row = {
        store: storeName,
        workload,
        mode,
        jobsPerSecond: medianBy(measured, (cost) => cost.jobsPerSecond),
        cpuMicrosecondsPerJob: cpu,
        overheadMicroseconds: Math.round((cpu - off) * 10) / 10,
        spansPerJob: medianBy(measured, (cost) => cost.spansPerJob),
      };
      rows.push(row);
      console.log(
        `${storeName.padEnd(24)} ${workload.padEnd(26)} ${mode.padEnd(28)} ${String(row.jobsPerSecond).padStart(7)} jobs/s ${row.cpuMicrosecondsPerJob.toFixed(1).padStart(8)} µs/job  +${row.overheadMicroseconds.toFixed(1)}  ${row.spansPerJob} spans/job`,
      );
    }
  }
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
