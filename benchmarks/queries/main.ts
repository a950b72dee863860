import { parseArgs } from "node:util";

import { query } from "@queuert/testkit/postgres";

import { describeDay, describeMachine } from "../support/machine.ts";
import { openDurableServer } from "../support/postgres-server.ts";
import { formatTable, writeReportSection } from "../support/report.ts";
import { formatNumber, quantile } from "../support/statistics.ts";
import { openPostgresStore, stores, type BenchStore } from "../throughput/stores.ts";
import { populate } from "./populate.ts";
import { reads } from "./reads.ts";

/** How long the reads of a dashboard take beside a million chains; `--report` writes it into BENCHMARKS.md. */
const { values } = parseArgs({
  options: {
    store: { type: "string" },
    chains: { type: "string", default: "1000000" },
    repeats: { type: "string", default: "100" },
    report: { type: "boolean", default: false },
  },
});
const chainCount = Number(values.chains);
const repeatCount = Number(values.repeats);
const isChosen = (name: string): boolean =>
  values.store === undefined || name.includes(values.store);

/** Milliseconds of each read, by its name. */
type Durations = ReadonlyMap<string, readonly number[]>;

const measured = new Map<string, Durations>();
const server = isChosen("postgres") ? await openDurableServer() : undefined;
if (server !== undefined) {
  const store = await openPostgresStore(server.url);
  await measureStore(store, {
    "postgres without statistics": async () => {},
    "postgres after VACUUM ANALYZE": async () => {
      await query(store.url, "VACUUM ANALYZE");
    },
  });
}
const openSqlite = stores["sqlite (better-sqlite3)"];
if (isChosen("sqlite") && openSqlite !== undefined)
  await measureStore(await openSqlite(), { "sqlite (better-sqlite3)": async () => {} });
await server?.dispose();

const table = formatTable(
  ["p50 / p95 / max, ms", ...measured.keys()],
  Object.keys(reads).map((read) => [
    read,
    ...[...measured.values()].map((durations) => formatDurations(durations.get(read) ?? [])),
  ]),
);
console.log(table);
if (values.report)
  writeReportSection(
    "queries",
    `${table}\n\n${describeDay()}; ${describeMachine()}; ${server?.description ?? "no PostgreSQL"}; ${chainCount.toLocaleString("en")} chains. \`npm run bench queries -- --report\``,
  );

/** Fills a store, measures it in each of the conditions one after another, and removes it. */
async function measureStore(
  store: BenchStore,
  conditions: Readonly<Record<string, () => Promise<void>>>,
): Promise<void> {
  const beganAtMs = performance.now();
  const populated = await populate(store, chainCount);
  const seconds = (performance.now() - beganAtMs) / 1_000;
  for (const [name, prepare] of Object.entries(conditions)) {
    await prepare();
    console.log(`${name}: filled in ${seconds.toFixed(0)} s`);
    const durations = new Map<string, number[]>();
    for (const [readName, read] of Object.entries(reads)) {
      // The first one prepares statements, and reads what the others may find in memory.
      await read(populated);
      const list: number[] = [];
      for (let repeat = 0; repeat < repeatCount; repeat++) {
        const startedAtMs = performance.now();
        await read(populated);
        list.push(performance.now() - startedAtMs);
      }
      durations.set(readName, list);
    }
    measured.set(name, durations);
  }
  await populated.client.close();
  await store.dispose();
}

function formatDurations(durations: readonly number[]): string {
  return [0.5, 0.95, 1].map((share) => formatNumber(quantile(durations, share))).join(" / ");
}
