import { parseArgs } from "node:util";

import { openTestServer } from "@queuert/testkit/postgres";

import type { AdapterName } from "../databases/open-location.ts";
import { runAwaits, type AwaitsReport } from "./run-awaits.ts";
import { runSoak, type SoakReport } from "./run-soak.ts";
import type { Sample } from "./sample.ts";

// `npm run chaos soak -- --minutes 30 [--adapter postgres] [--awaits 10000]`: one process at work for so long, and what it keeps; then many who wait at once.

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    adapter: { type: "string" },
    awaits: { type: "string", default: "10000" },
  },
});

const adapters = (["postgres", "sqlite"] as const).filter(
  (adapter) => values.adapter === undefined || adapter === values.adapter,
);
const server = adapters.includes("postgres") ? await openTestServer() : undefined;
try {
  const soaks: SoakReport[] = [];
  const awaits: AwaitsReport[] = [];
  for (const adapter of adapters) {
    soaks.push(await soak(adapter));
    awaits.push(await await10k(adapter));
  }
  process.exitCode = [...soaks, ...awaits].every(({ growth }) => growth.length === 0) ? 0 : 1;
} finally {
  await server?.dispose();
}

async function soak(adapter: AdapterName): Promise<SoakReport> {
  const report = await runSoak({ adapter, server, seconds: Number(values.minutes) * 60 });
  print(`${adapter}: ${report.jobCount} jobs in ${report.seconds.toFixed(0)} s`);
  print(formatSamples(report.samples));
  printGrowth(report.growth);
  return report;
}

async function await10k(adapter: AdapterName): Promise<AwaitsReport> {
  const report = await runAwaits({ adapter, server, awaitCount: Number(values.awaits) });
  print(
    `${adapter}: ${report.awaitCount} awaited at once, ${report.seconds.toFixed(1)} s from the first job to the last answer; before, meanwhile, after:`,
  );
  print(formatSamples([report.before, report.during, report.after]));
  printGrowth(report.growth);
  return report;
}

function printGrowth(growth: readonly string[]): void {
  print(growth.length === 0 ? "nothing is kept\n" : `FAILED: ${growth.join("; ")}\n`);
}

function formatSamples(samples: readonly Sample[]): string {
  const megabytes = (bytes: number): string => (bytes / 1_000_000).toFixed(1);
  const rows = samples.map((sample) => [
    `${sample.jobCount}`,
    megabytes(sample.heapBytes),
    megabytes(sample.rssBytes),
    `${sample.timerCount}`,
    `${sample.handleCount}`,
    `${sample.fileCount}`,
    `${sample.connectionCount}`,
  ]);
  const head = ["jobs", "heap MB", "RSS MB", "timers", "handles", "files", "connections"];
  return [head, head.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
