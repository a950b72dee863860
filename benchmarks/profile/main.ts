// Where the process's own CPU goes while no-op jobs are drained: `npm run bench profile -- --store postgres`.
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";

import { openDurableServer } from "../support/postgres-server.ts";
import { formatTable } from "../support/report.ts";
import { formatNumber } from "../support/statistics.ts";
import { scenarios, type Observe } from "../throughput/scenarios.ts";
import { openPostgresStore, stores } from "../throughput/stores.ts";
import { listFunctionCosts, profileCpu } from "./profile-cpu.ts";

const { values } = parseArgs({
  options: {
    store: { type: "string", default: "postgres" },
    scenario: { type: "string", default: "drain, concurrency 50" },
    jobs: { type: "string", default: "20000" },
    top: { type: "string", default: "30" },
    /** Keeps the last run's profile, to be opened in Chrome's developer tools. */
    out: { type: "string" },
  },
});
const scenario = scenarios.find(({ name }) => name === values.scenario);
if (scenario === undefined)
  throw new Error(`Scenarios: ${scenarios.map(({ name }) => name).join("; ")}.`);
const server = values.store === "postgres" ? await openDurableServer() : undefined;
const openStore = Object.entries(stores).find(([name]) => name.includes(values.store))?.[1];
const open = server === undefined ? openStore : async () => openPostgresStore(server.url);
if (open === undefined) throw new Error(`There is no store "${values.store}".`);
const size = { jobCount: Number(values.jobs), aheadCount: 0 };

async function runOnce(observe?: Observe): Promise<void> {
  const store = await open!();
  const { count, unit, elapsedMs, cpuMicroseconds } = await scenario!.run(store, size, observe);
  await store.dispose();
  console.log(
    `${formatNumber((count / elapsedMs) * 1_000)} ${unit}/s, ${formatNumber(cpuMicroseconds / count)} µs CPU each`,
  );
}

console.log("Once to compile, once to measure, once under the profiler:");
await runOnce();
await runOnce();
await runOnce(async (run) => {
  const profile = await profileCpu(run);
  if (values.out !== undefined) writeFileSync(resolve(values.out), JSON.stringify(profile));
  const rows = listFunctionCosts(profile)
    .filter(({ name }) => name !== "(idle)")
    .slice(0, Number(values.top))
    .map(({ name, selfMicroseconds }) => [name, formatNumber(selfMicroseconds / size.jobCount)]);
  console.log(formatTable(["self time", "µs per job"], rows));
});
await server?.dispose();
