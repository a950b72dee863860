import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { describeDay, describeMachine } from "../support/machine.ts";
import { openDurableServer } from "../support/postgres-server.ts";
import { formatTable, writeReportSection } from "../support/report.ts";
import { formatNumber } from "../support/statistics.ts";
import { stores } from "../throughput/stores.ts";
import type { MemoryTask } from "./measure-process.ts";
import type { MemoryUse } from "./measure.ts";

/** What client and worker hold in memory, and that nothing of a job stays there; `--report` writes it into BENCHMARKS.md. */
const { values } = parseArgs({
  options: {
    jobs: { type: "string", default: "20000" },
    rounds: { type: "string", default: "5" },
    awaited: { type: "string", default: "10000" },
    report: { type: "boolean", default: false },
  },
});
const size = {
  jobCount: Number(values.jobs),
  roundCount: Number(values.rounds),
  awaitedCount: Number(values.awaited),
};
const server = await openDurableServer();
// The memory adapter's store is the heap itself.
const { memory: _, ...onDisk } = stores;
const rows: string[][] = [];
for (const storeName of [...Object.keys(onDisk), "postgres"]) {
  const use = await measureApart({ storeName, url: server.url, size });
  rows.push([
    storeName,
    formatNumber(use.perIdleWorkerBytes / 1e3),
    formatNumber(use.leftPerJobBytes),
    formatNumber(use.perAwaitedChainBytes),
    formatNumber(use.residentGrowthBytes / 1e6),
  ]);
}
await server.dispose();
const table = formatTable(
  [
    "",
    "each idle client with a worker, kB",
    "left of each job, bytes",
    "each awaited chain, bytes",
    "resident growth while jobs ran, MB",
  ],
  rows,
);
console.log(table);
if (values.report)
  writeReportSection(
    "memory",
    `${table}\n\n${describeDay()}; ${describeMachine()}; ${server.description}; ${size.roundCount} × ${size.jobCount} jobs. \`npm run bench memory -- --report\``,
  );

/** In a process of its own: the heap of one that has measured before has grown already. */
async function measureApart(task: MemoryTask): Promise<MemoryUse> {
  const child = fork(fileURLToPath(new URL("measure-process.ts", import.meta.url)), [
    JSON.stringify(task),
  ]);
  const [use] = (await Promise.race([
    once(child, "message"),
    once(child, "exit").then(([code]) => {
      throw new Error(`Measuring ${task.storeName} ended with ${String(code)}.`);
    }),
  ])) as [MemoryUse];
  return use;
}
