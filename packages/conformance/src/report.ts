import type { SuiteKind } from "./case.ts";

/** How one case went. */
export interface CaseReport {
  readonly kind: SuiteKind;
  readonly suite: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly outcome: "passed" | "failed" | "skipped";
  /** Why it was skipped. */
  readonly reason?: string | undefined;
  /** What was broken, with the stack. */
  readonly error?: string | undefined;
  readonly durationMs: number;
}

/** How an adapter did. It conforms when nothing failed. */
export interface ConformanceReport {
  readonly adapter: string;
  /** The seed that the order and all chance came from; give it again to repeat the run. */
  readonly shuffleSeed: number;
  readonly cases: readonly CaseReport[];
  readonly counts: {
    readonly run: number;
    readonly passed: number;
    readonly failed: number;
    readonly skipped: number;
  };
}

export function countOutcomes(cases: readonly CaseReport[]): ConformanceReport["counts"] {
  const count = (outcome: CaseReport["outcome"]): number =>
    cases.filter((entry) => entry.outcome === outcome).length;
  const [passed, failed, skipped] = [count("passed"), count("failed"), count("skipped")];
  return { run: passed + failed, passed, failed, skipped };
}

/** The report as a table for people: a line per suite, then what was skipped and what failed, each by name. */
export function formatConformanceReport(report: ConformanceReport): string {
  const rows = [
    ["suite", "run", "passed", "failed", "skipped", "ms"],
    ...suiteRows(report),
    totalRow("total", report.cases),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const table = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
      )
      .join("  "),
  );
  return [
    `${report.adapter} (seed ${report.shuffleSeed})`,
    ...table.map((line) => `  ${line}`),
    ...section(
      "skipped",
      report.cases.filter((entry) => entry.outcome === "skipped"),
      (entry) => [entry.name, `  ${entry.reason ?? ""}`],
    ),
    ...section(
      "failed",
      report.cases.filter((entry) => entry.outcome === "failed"),
      (entry) => [entry.name, ...(entry.error ?? "").split("\n").map((line) => `  ${line}`)],
    ),
  ].join("\n");
}

function suiteRows(report: ConformanceReport): string[][] {
  const names = new Set(report.cases.map((entry) => `${entry.kind}/${entry.suite}`));
  return [...names].toSorted().map((name) =>
    totalRow(
      name,
      report.cases.filter((entry) => `${entry.kind}/${entry.suite}` === name),
    ),
  );
}

function totalRow(name: string, cases: readonly CaseReport[]): string[] {
  const counts = countOutcomes(cases);
  const durationMs = cases.reduce((sum, entry) => sum + entry.durationMs, 0);
  return [
    name,
    `${counts.run}`,
    `${counts.passed}`,
    `${counts.failed}`,
    `${counts.skipped}`,
    `${Math.round(durationMs)}`,
  ];
}

function section(
  title: string,
  cases: readonly CaseReport[],
  lines: (entry: CaseReport) => readonly string[],
): string[] {
  if (cases.length === 0) return [];
  return [`  ${title}:`, ...cases.flatMap(lines).map((line) => `    ${line}`)];
}
