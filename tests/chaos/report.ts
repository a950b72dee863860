import type { ViolationKind } from "./check/checker.ts";
import type { RunResult } from "./run-scenario.ts";

const shownViolationMax = 20;

/** A table of runs, with their sum. */
export function formatReport(results: readonly RunResult[]): string {
  const sum = (of: (result: RunResult) => number): number =>
    results.reduce((total, result) => total + of(result), 0);
  const rows = results.map((result) => [
    result.scenario,
    result.adapter,
    result.seconds.toFixed(0),
    describeCounts(result.faults),
    `${result.chainCount}`,
    `${result.jobCount}`,
    `${result.lostAttemptCount}`,
    `${result.awaitedCount}`,
    ...violationColumns([result]),
  ]);
  const total = [
    "all",
    "",
    sum(({ seconds }) => seconds).toFixed(0),
    `${sum(faultCount)}`,
    `${sum(({ chainCount }) => chainCount)}`,
    `${sum(({ jobCount }) => jobCount)}`,
    `${sum(({ lostAttemptCount }) => lostAttemptCount)}`,
    `${sum(({ awaitedCount }) => awaitedCount)}`,
    ...violationColumns(results),
  ];
  const head = [
    "scenario",
    "adapter",
    "seconds",
    "faults",
    "chains",
    "jobs",
    "attempts lost",
    "awaited",
    "lost",
    "doubled",
    "other",
  ];
  return [head, head.map(() => "---"), ...rows, total]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

/** What is wrong with a run, and where to look. Empty for one that passed. */
export function describeFailure(result: RunResult): string {
  const { scenario, adapter, seed, violations, howToLook } = result;
  if (violations.length === 0) return "";
  const shown = violations
    .slice(0, shownViolationMax)
    .map(({ kind, text }) => `  ${kind}: ${text}`);
  const rest = violations.length - shown.length;
  return [
    `${scenario} on ${adapter}, seed ${seed}: ${violations.length} violations`,
    ...shown,
    ...(rest > 0 ? [`  and ${rest} more`] : []),
    `  Look at it: ${howToLook}`,
  ].join("\n");
}

export function describeCounts(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}

export function faultCount({ faults }: RunResult): number {
  return Object.values(faults).reduce((sum, count) => sum + count, 0);
}

function violationColumns(results: readonly RunResult[]): readonly string[] {
  const count = (...kinds: readonly ViolationKind[]): string =>
    `${results.flatMap(({ violations }) => violations).filter(({ kind }) => kinds.includes(kind)).length}`;
  return [count("lost"), count("doubled"), count("inconsistent", "surprise")];
}
