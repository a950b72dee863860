import { formatTable } from "../support/report.ts";
import { formatNumber, formatSpread } from "../support/statistics.ts";
import type { Results, SystemResult, WorkloadResult } from "./results.ts";
import { systems } from "./systems.ts";
import { workloads, type Workload } from "./workloads.ts";

/** The figures of each shape, with their titles: the order of the columns. */
const columns: Readonly<Record<Workload["shape"], Readonly<Record<string, string>>>> = {
  start: {
    perSecond: "per second",
    statementsPerJob: "round trips",
    walPerJob: "WAL bytes",
    serverCpuPerJob: "server CPU µs",
    cpuPerJob: "process CPU µs",
  },
  drain: {
    perSecond: "per second",
    startCount: "only so many were started in time",
    lastTenthRatio: "last tenth / second",
    statementsPerJob: "round trips",
    walPerJob: "WAL bytes",
    serverCpuPerJob: "server CPU µs",
    cpuPerJob: "process CPU µs",
  },
  latency: {
    commitToStartP50: "commit to start p50 ms",
    commitToStartP95: "p95",
    commitToStartP99: "p99",
    callToStartP50: "call to start p50 ms",
    callToStartP95: "p95",
    callToStartP99: "p99",
  },
  idle: {
    statementsPerSecond: "statements/s",
    cpuMsPerSecond: "process CPU ms/s",
    serverCpuMsPerSecond: "server CPU ms/s",
    residentMegabytes: "resident MB",
  },
};

/** All results as the section of the report. */
export function formatResults(results: Results): string {
  const parts = workloads.flatMap((workload) => {
    const result = results.workloads[workload.name];
    return result === undefined ? [] : [formatWorkload(workload, result, results.limits)];
  });
  return [formatRatios(results), ...parts, formatLimits(results.limits), formatOrigins(results)]
    .filter((part) => part !== "")
    .join("\n\n");
}

const own = "queuert";

/** By which figure systems are compared in a workload, and whether more of it is better. */
const comparisons: Readonly<
  Record<Workload["shape"], { readonly figure: string; readonly isMoreBetter: boolean }>
> = {
  start: { figure: "perSecond", isMoreBetter: true },
  drain: { figure: "perSecond", isMoreBetter: true },
  latency: { figure: "commitToStartP50", isMoreBetter: false },
  idle: { figure: "statementsPerSecond", isMoreBetter: false },
};

/** How many times better ours is than each other system, by the medians of one run: less than 1 is worse. */
export function formatRatios({ workloads: measured }: Results): string {
  const others = Object.keys(systems).filter((system) => system !== own);
  const rows = workloads.flatMap(({ name, shape }) => {
    const { figure, isMoreBetter } = comparisons[shape];
    const valueOf = (system: string): number =>
      measured[name]?.systems[system]?.figures[figure]?.median ?? Number.NaN;
    if (!Number.isFinite(valueOf(own))) return [];
    const ratios = others.map((system) =>
      isMoreBetter ? valueOf(own) / valueOf(system) : valueOf(system) / valueOf(own),
    );
    return [[name, ...ratios.map((ratio) => (ratio > 0 ? formatNumber(ratio) : "–"))]];
  });
  if (rows.length === 0) return "";
  return [
    "### How many times better than each other",
    "By rates; `latency` by the median from commit to start, `idle` by statements. – stands for what a system does not offer, or does none of.",
    formatTable(["", ...others], rows),
  ].join("\n\n");
}

export function formatWorkload(
  workload: Workload,
  { systems: measured }: WorkloadResult,
  limits: Results["limits"],
): string {
  const shown = Object.entries(columns[workload.shape]).filter(([name]) =>
    Object.values(measured).some(({ figures }) => Number.isFinite(figures[name]?.median)),
  );
  const limit = workload.limit === undefined ? undefined : limits[workload.limit];
  const header = [
    "",
    ...shown.map(([, title]) => title),
    ...(limit === undefined ? [] : ["of the server's limit"]),
  ];
  const rows = Object.entries(measured).map(([system, result]) => [
    system,
    ...shown.map(([name]) => formatFigure(result, name)),
    ...(limit === undefined ? [] : [formatShare(result, limit)]),
  ]);
  return [
    `### ${workload.title} (\`${workload.name}\`)`,
    formatTable(header, rows),
    ...formatNotes(workload, measured),
  ].join("\n\n");
}

/** `~` marks a rate so far: the deadline came before the end. */
function formatFigure({ figures, cutCount }: SystemResult, name: string): string {
  const spread = figures[name];
  if (spread === undefined) return "–";
  return `${formatSpread(spread)}${cutCount > 0 && name === "perSecond" ? " ~" : ""}`;
}

function formatShare({ figures }: SystemResult, limit: number): string {
  const { perSecond } = figures;
  return perSecond === undefined ? "–" : `${formatNumber((perSecond.median / limit) * 100)} %`;
}

function formatNotes(workload: Workload, measured: WorkloadResult["systems"]): string[] {
  const wrong = Object.entries(measured).flatMap(([system, { problems }]) =>
    problems.map((problem) => `**${system}: ${problem}.**`),
  );
  const refused = Object.keys(systems).flatMap((system) => {
    const reason = findRefusal(system, workload);
    return reason === undefined ? [] : [`${system} ${reason}.`];
  });
  const notes = [...wrong, ...(refused.length === 0 ? [] : ["Not offered:", ...refused])];
  return notes.length === 0 ? [] : [notes.join(" ")];
}

/** Why a system has no figure in a workload; undefined when it can be measured. */
export function findRefusal(system: string, workload: Workload): string | undefined {
  const refuses = systems[system]?.refuses ?? {};
  if (workload.shape === "drain") {
    if (workload.isHeld && systems[system]?.store === "redis")
      return "shares no tables with the transaction";
    return refuses[workload.kind];
  }
  return workload.shape === "start" ? undefined : refuses[workload.shape];
}

/** When, where and how the workloads were measured; those of one run stand together. */
function formatOrigins({ workloads: measured }: Results): string {
  const names = new Map<string, string[]>();
  for (const [name, { day, machine, servers, command }] of Object.entries(measured)) {
    const origin = `${day}; ${machine}; ${servers}. \`${command}\``;
    names.set(origin, [...(names.get(origin) ?? []), name]);
  }
  return [...names].map(([origin, list]) => `${list.join(", ")}: ${origin}`).join("\n\n");
}

function formatLimits(limits: Results["limits"]): string {
  const rows = Object.entries(limits).map(([name, rate]) => [name, formatNumber(rate)]);
  return rows.length === 0
    ? ""
    : `### What the server alone can do\n\n${formatTable(["pgbench, prepared", "rows per second"], rows)}`;
}
