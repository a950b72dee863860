// How fast this and other job systems do the same work, side by side: `npm run bench peers -- --help`.
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";

import { describeMachine } from "../support/machine.ts";
import { openDurableServer } from "../support/postgres-server.ts";
import { writeReportSection } from "../support/report.ts";
import { installPeers, listPeerVersions } from "./install.ts";
import { measureLimits } from "./limits.ts";
import { measure } from "./measure.ts";
import type { Measurement } from "./measurement.ts";
import { describeRedis } from "./meters.ts";
import { describeRun, readResults, summarize, writeResults } from "./results.ts";
import { systems } from "./systems.ts";
import { findRefusal, formatResults, formatWorkload } from "./tables.ts";
import { scaleWorkload, workloads, type Workload } from "./workloads.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    systems: { type: "string" },
    rounds: { type: "string", default: "3" },
    scale: { type: "string", default: "1" },
    deadline: { type: "string", default: "30" },
    "limit-seconds": { type: "string", default: "5" },
    "cpu-prof": { type: "string" },
    report: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const usage = `npm run bench peers -- [options]
  --only a,b         workloads whose names begin so, or "limits"
  --systems a,b      systems of these names
  --rounds 3         how often each is measured, in turns
  --scale 1          fraction of the counts; less than 1 shows that it works, and measures nothing
  --deadline 30      seconds that starting, or draining, may take; what is cut has ~ at its rate
  --limit-seconds 5  how long each limit of the server is measured
  --cpu-prof FOLDER  keeps a CPU profile of each worker of a drain there
  --report           keeps the results in results.json, and writes them into BENCHMARKS.md
Workloads: ${workloads.map(({ name }) => name).join(", ")}
Systems: ${Object.keys(systems).join("; ")}`;

if (values.report && (values.systems !== undefined || values.scale !== "1"))
  throw new Error("The report holds all systems at full size: leave --systems and --scale out.");
const strangers = values.systems?.split(",").filter((name) => !Object.hasOwn(systems, name)) ?? [];
if (strangers.length > 0) throw new Error(`There is no system "${strangers[0]}".\n${usage}`);
const isChosen = (name: string): boolean =>
  values.only === undefined || values.only.split(",").some((start) => name.startsWith(start));
const redisUrl = process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379";

if (values.help) console.log(usage);
else await run();

async function run(): Promise<void> {
  installPeers();
  const server = await openDurableServer();
  const redis = await describeRedis(redisUrl);
  const machine = describeMachine();
  const servers = [server.description, redis ?? "no Redis", ...listPeerVersions()];
  console.log([machine, ...servers].join("\n"));
  let results = readResults();
  try {
    if (isChosen("limits")) {
      const limits = await measureLimits(server, Number(values["limit-seconds"]));
      if (limits === undefined)
        console.log("There is no pgbench: the server's limits are not measured.");
      else results = { ...results, limits };
      console.log(limits);
      if (values.report) writeResults(results);
    }
    for (const workload of workloads.filter(({ name }) => isChosen(name))) {
      const measured = await measureSystems(workload, (system) =>
        measure(system, scaleWorkload(workload, Number(values.scale)), {
          server,
          redisUrl,
          deadlineMs: Number(values.deadline) * 1_000,
          profile: profileFor(system, workload),
        }),
      );
      const result = { ...describeRun(machine, servers), systems: measured };
      results = { ...results, workloads: { ...results.workloads, [workload.name]: result } };
      console.log(`\n${formatWorkload(workload, result, results.limits)}`);
      if (values.report) writeResults(results);
    }
  } finally {
    await server.dispose();
  }
  if (values.report) writeReportSection("peers", formatResults(results));

  /** All systems that offer the workload, in turns (A B C A B C), so that a neighbour's load meets all of them. */
  async function measureSystems(
    workload: Workload,
    measureOnce: (system: string) => Promise<Measurement>,
  ) {
    const chosen = (values.systems?.split(",") ?? Object.keys(systems)).filter(
      (system) =>
        findRefusal(system, workload) === undefined &&
        (redis !== undefined || systems[system]?.store !== "redis"),
    );
    const measurements = new Map<string, Measurement[]>(chosen.map((system) => [system, []]));
    for (let round = 1; round <= Number(values.rounds); round++) {
      for (const [system, list] of measurements) {
        const measurement = await measureOnce(system).catch(describeFailure);
        list.push(measurement);
        console.log(describeMeasurement(workload, round, system, measurement));
      }
    }
    return Object.fromEntries([...measurements].map(([system, list]) => [system, summarize(list)]));
  }
}

/** A system that breaks down has no figures, and the others go on. */
function describeFailure(error: unknown): Measurement {
  console.error(error);
  const [message] = String(error).split("\n");
  return { figures: {}, isCut: false, problems: [message ?? "failed"] };
}

function describeMeasurement(
  { name }: Workload,
  round: number,
  system: string,
  { figures, isCut, problems }: Measurement,
): string {
  const shown = Object.entries(figures).map(
    ([figure, value]) => `${figure} ${value.toPrecision(4)}`,
  );
  return [
    `${name} #${round} ${system}: ${shown.join(", ")}`,
    ...(isCut ? ["cut"] : []),
    ...problems.map((problem) => `WRONG: ${problem}`),
  ].join("; ");
}

function profileFor(system: string, { name, shape }: Workload) {
  const folder = values["cpu-prof"];
  if (folder === undefined || shape !== "drain") return undefined;
  const absolute = resolve(folder);
  mkdirSync(absolute, { recursive: true });
  return { folder: absolute, name: `${system.replaceAll(/\W+/g, "-")}-${name}-${Date.now()}` };
}
