import { writeFileSync } from "node:fs";
import { arch, cpus, platform } from "node:os";
import { parseArgs } from "node:util";

import { openDurableServer } from "../support/postgres-server.ts";
import { quantile } from "../support/statistics.ts";
import { scenarios, type Measurement } from "./scenarios.ts";
import { openPostgresStore, stores } from "./stores.ts";

/** How fast jobs start and drain, on each store. The first drain is what the others are compared with. */
const { values } = parseArgs({
  options: {
    store: { type: "string" },
    scenario: { type: "string" },
    runs: { type: "string", default: "3" },
    jobs: { type: "string", default: "20000" },
    ahead: { type: "string", default: "100000" },
    json: { type: "string" },
  },
});
const size = { jobCount: Number(values.jobs), aheadCount: Number(values.ahead) };
const runCount = Number(values.runs);
const baseline = "drain, concurrency 50";

interface Row {
  readonly store: string;
  readonly scenario: string;
  readonly unit: string;
  readonly perSecond: { readonly median: number; readonly min: number; readonly max: number };
  readonly ratioToBaseline: number | undefined;
  /** Median of the whole process's. */
  readonly cpuMicrosecondsEach: number;
}

const rows: Row[] = [];
console.log(
  `${size.jobCount} jobs, ${size.aheadCount} ahead, ${runCount} runs each; Node ${process.version}, ${platform()} ${arch()}, ${cpus().length} × ${cpus()[0]?.model ?? "?"}`,
);
const isChosen = (storeName: string): boolean =>
  values.store === undefined || storeName.includes(values.store);
const server = isChosen("postgres") ? await openDurableServer() : undefined;
if (server !== undefined) console.log(server.description);
const measured = {
  ...stores,
  ...(server === undefined ? {} : { postgres: async () => openPostgresStore(server.url) }),
};
for (const [storeName, openStore] of Object.entries(measured)) {
  if (!isChosen(storeName)) continue;
  let baselineRate: number | undefined;
  for (const scenario of scenarios) {
    if (
      values.scenario !== undefined &&
      scenario.name !== baseline &&
      !scenario.name.includes(values.scenario)
    )
      continue;
    const measurements: Measurement[] = [];
    for (let run = 0; run < runCount; run++) {
      const store = await openStore();
      measurements.push(await scenario.run(store, size));
      await store.dispose();
    }
    const rates = measurements
      .map(({ count, elapsedMs }) => (count / elapsedMs) * 1_000)
      .toSorted((a, b) => a - b);
    const median = rates[Math.floor(rates.length / 2)]!;
    if (scenario.name === baseline) baselineRate = median;
    const ratioToBaseline =
      scenario.name.startsWith("drain") && baselineRate !== undefined
        ? median / baselineRate
        : undefined;
    const row: Row = {
      store: storeName,
      scenario: scenario.name,
      unit: measurements[0]!.unit,
      perSecond: {
        median: Math.round(median),
        min: Math.round(rates[0]!),
        max: Math.round(rates.at(-1)!),
      },
      ratioToBaseline,
      cpuMicrosecondsEach: Math.round(
        quantile(
          measurements.map(({ cpuMicroseconds, count }) => cpuMicroseconds / count),
          0.5,
        ),
      ),
    };
    rows.push(row);
    const ratio = ratioToBaseline === undefined ? "" : `  ×${ratioToBaseline.toFixed(2)}`;
    console.log(
      `${storeName.padEnd(24)} ${scenario.name.padEnd(34)} ${String(row.perSecond.median).padStart(8)} ${row.unit}/s  (${row.perSecond.min}–${row.perSecond.max})  ${row.cpuMicrosecondsEach} µs CPU${ratio}`,
    );
  }
}
await server?.dispose();
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
