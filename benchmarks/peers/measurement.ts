import type { ServerUsage } from "./meters.ts";

/** One run of a workload on a system. */
export interface Measurement {
  /** By name; NaN where it cannot be told. */
  readonly figures: Readonly<Record<string, number>>;
  /** The deadline came before the end: rates are those so far. */
  readonly isCut: boolean;
  /** What the system did wrong; empty when every job ran once and was completed. */
  readonly problems: readonly string[];
}

/** What each of `count` jobs has cost the system's processes and its server. */
export function costsPerJob(
  count: number,
  server: readonly [ServerUsage, ServerUsage],
  usage: { readonly statements: number; readonly cpuMicroseconds: number },
): Record<string, number> {
  const [before, after] = server;
  return {
    statementsPerJob: usage.statements / count,
    cpuPerJob: usage.cpuMicroseconds / count,
    walPerJob: difference(before.walBytes, after.walBytes) / count,
    serverCpuPerJob: difference(before.cpuMicroseconds, after.cpuMicroseconds) / count,
  };
}

/** NaN where one of the two is not known. */
export function difference(before: number | undefined, after: number | undefined): number {
  return before === undefined || after === undefined ? Number.NaN : after - before;
}
