import { parseArgs } from "node:util";

import { describeDay, describeMachine } from "../support/machine.ts";
import { openDurableServer } from "../support/postgres-server.ts";
import { formatTable, writeReportSection } from "../support/report.ts";
import { formatNumber } from "../support/statistics.ts";
import { openPostgresStore, stores } from "../throughput/stores.ts";
import { measureMemory } from "./measure.ts";

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
const measured = { ...onDisk, postgres: async () => openPostgresStore(server.url) };
const rows: string[][] = [];
for (const [name, openStore] of Object.entries(measured)) {
  const store = await openStore();
  const use = await measureMemory(store, size);
  await store.dispose();
  rows.push([
    name,
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
