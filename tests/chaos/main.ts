import { writeFileSync } from "node:fs";
import { once } from "node:events";
import { parseArgs } from "node:util";

import { openTestServer, postgresMajors, type TestServer } from "@queuert/testkit/postgres";

import type { AdapterName } from "./databases/open-location.ts";
import { describeCounts, describeFailure, formatReport } from "./report.ts";
import { runScenario, type RunResult } from "./run-scenario.ts";
import { scenarios, type Scenario } from "./scenarios.ts";

// `npm run chaos NAME… [-- --minutes 5 --adapter postgres --seed 7 --keep]`: some scenarios, each for so long on each adapter that it is for.
// `npm run chaos -- --all --minutes 5 --report FILE`: every one of them; the table goes to FILE as well.

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: "boolean", default: false },
    minutes: { type: "string", default: "1" },
    adapter: { type: "string" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    major: { type: "string" },
    report: { type: "string" },
    keep: { type: "boolean", default: false },
  },
});

const chosen = values.all ? scenarios : scenarios.filter(({ name }) => positionals.includes(name));
if (chosen.length === 0) printUsage();
else await runAll(chosen);

async function runAll(all: readonly Scenario[]): Promise<void> {
  const runs = all.flatMap((scenario) =>
    scenario.adapters
      .filter((adapter) => values.adapter === undefined || adapter === values.adapter)
      .map((adapter) => ({ scenario, adapter })),
  );
  const server = runs.some(({ adapter }) => adapter === "postgres")
    ? await openServer()
    : undefined;
  const results: RunResult[] = [];
  try {
    for (const run of runs) {
      const result = await runOne(run, server);
      results.push(result);
      writeReport(results);
    }
    print(`\n${formatReport(results)}`);
    await holdServer(results, server);
  } finally {
    await server?.dispose();
  }
  process.exitCode = results.every(({ violations }) => violations.length === 0) ? 0 : 1;
}

async function runOne(
  { scenario, adapter }: { readonly scenario: Scenario; readonly adapter: AdapterName },
  server: TestServer | undefined,
): Promise<RunResult> {
  print(`${scenario.name} on ${adapter}: ${scenario.about}`);
  const result = await runScenario({
    scenario,
    adapter,
    seconds: Number(values.minutes) * 60,
    seed: Number(values.seed),
    server,
  });
  print(
    `  ${result.violations.length === 0 ? "nothing lost, nothing doubled" : "FAILED"}: ${result.chainCount} chains, ${result.jobCount} jobs in ${result.seconds.toFixed(1)} s\n` +
      `  starts: ${describeCounts(result.starts)}\n  faults: ${describeCounts(result.faults)}\n  seen: ${describeCounts(result.seen)}`,
  );
  if (result.violations.length > 0) print(describeFailure(result));
  return result;
}

async function openServer(): Promise<TestServer> {
  const major = postgresMajors.find((known) => String(known) === values.major);
  return openTestServer(major === undefined ? {} : { major });
}

/** Server and databases end with this process: whoever wants to look keeps it. */
async function holdServer(
  results: readonly RunResult[],
  server: TestServer | undefined,
): Promise<void> {
  const isFailed = results.some(
    ({ adapter, violations }) => adapter === "postgres" && violations.length > 0,
  );
  if (!values.keep || !isFailed || server === undefined) return;
  print("The server stays until this process is interrupted.");
  await once(process, "SIGINT");
}

function writeReport(results: readonly RunResult[]): void {
  if (values.report === undefined) return;
  writeFileSync(values.report, `${formatReport(results)}\n`);
  writeFileSync(`${values.report}.json`, `${JSON.stringify(results, undefined, 2)}\n`);
}

function printUsage(): void {
  const list = scenarios.map(
    ({ name, adapters, about }) => `  ${name} (${adapters.join(", ")}): ${about}`,
  );
  print(`Usage: npm run chaos NAME… -- --minutes N\n${list.join("\n")}`);
  process.exitCode = positionals.length === 0 ? 0 : 1;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
