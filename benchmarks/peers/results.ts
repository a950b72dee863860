import { readFileSync, writeFileSync } from "node:fs";

import { describeDay } from "../support/machine.ts";
import { spreadOf, type Spread } from "../support/statistics.ts";
import type { Measurement } from "./measurement.ts";

/** What the rounds of a workload on a system came to. */
export interface SystemResult {
  /** By the name of the figure. */
  readonly figures: Readonly<Record<string, Spread>>;
  readonly roundCount: number;
  /** In how many rounds the deadline came first. */
  readonly cutCount: number;
  readonly problems: readonly string[];
}

/** What is kept of a workload: each is measured in one go, all systems in turn. */
export interface WorkloadResult {
  readonly day: string;
  readonly machine: string;
  readonly servers: string;
  readonly command: string;
  /** By system. */
  readonly systems: Readonly<Record<string, SystemResult>>;
}

/** By name; `limits` holds what the server alone can do, in rows per second. */
export interface Results {
  readonly workloads: Readonly<Record<string, WorkloadResult>>;
  readonly limits: Readonly<Record<string, number>>;
}

const file = new URL("results.json", import.meta.url);

export function readResults(): Results {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Results;
  } catch {
    return { workloads: {}, limits: {} };
  }
}

export function writeResults(results: Results): void {
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
}

export function summarize(measurements: readonly Measurement[]): SystemResult {
  const names = new Set(
    measurements.flatMap(({ figures }) =>
      Object.keys(figures).filter((name) => Number.isFinite(figures[name])),
    ),
  );
  const figures = Object.fromEntries(
    [...names].map((name) => [
      name,
      spreadOf(measurements.flatMap((measurement) => measurement.figures[name] ?? [])),
    ]),
  );
  return {
    figures,
    roundCount: measurements.length,
    cutCount: measurements.filter(({ isCut }) => isCut).length,
    problems: [...new Set(measurements.flatMap(({ problems }) => problems))],
  };
}

/** The parts that say where and how a workload was measured. */
export function describeRun(machine: string, servers: readonly string[]) {
  return {
    day: describeDay(),
    machine,
    servers: servers.join("; "),
    command: ["npm run bench peers --", ...process.argv.slice(2)].join(" ").trim(),
  };
}
