import { describeFailure } from "./failure-report.ts";
import { runSimulation } from "./run-simulation.ts";

/** Seeds in a row. */
export interface SeedRange {
  readonly from: number;
  readonly count: number;
  readonly steps: readonly number[];
}

/** What the runs of a range came to, added up. */
export interface RangeResult {
  readonly from: number;
  readonly count: number;
  readonly passCount: number;
  /** A text for each run that did not pass. */
  readonly failures: readonly string[];
  readonly eventCount: number;
  readonly chainCount: number;
  readonly executionCount: number;
  readonly virtualMs: number;
  readonly counts: Readonly<Record<string, number>>;
}

/** Runs each seed of the range. */
export async function runSeedRange({ from, count, steps }: SeedRange): Promise<RangeResult> {
  let total = emptyResult(from, count);
  for (let seed = from; seed < from + count; seed++) {
    const result = await runSimulation({ seed, steps });
    const isPass = result.verdict === "pass";
    total = addResults(total, {
      ...result,
      from,
      count: 0,
      passCount: isPass ? 1 : 0,
      failures: isPass ? [] : [await describeFailure(result)],
      counts: Object.fromEntries(result.counts),
    });
  }
  return total;
}

/** A range of which nothing has run. */
export function emptyResult(from: number, count: number): RangeResult {
  return {
    from,
    count,
    passCount: 0,
    failures: [],
    eventCount: 0,
    chainCount: 0,
    executionCount: 0,
    virtualMs: 0,
    counts: {},
  };
}

/** Adds what was run in `right` to `left`. */
export function addResults(left: RangeResult, right: RangeResult): RangeResult {
  const counts: Record<string, number> = { ...left.counts };
  for (const [name, count] of Object.entries(right.counts))
    counts[name] = (counts[name] ?? 0) + count;
  return {
    from: left.from,
    count: left.count + right.count,
    passCount: left.passCount + right.passCount,
    failures: [...left.failures, ...right.failures],
    eventCount: left.eventCount + right.eventCount,
    chainCount: left.chainCount + right.chainCount,
    executionCount: left.executionCount + right.executionCount,
    virtualMs: left.virtualMs + right.virtualMs,
    counts,
  };
}
