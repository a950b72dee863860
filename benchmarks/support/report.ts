import { readFileSync, writeFileSync } from "node:fs";

const report = new URL("../../BENCHMARKS.md", import.meta.url);

/**
 * Puts `body` between the markers of a section of BENCHMARKS.md, instead of what stands there.
 *
 * @throws Error when the report has no such section.
 */
export function writeReportSection(name: string, body: string): void {
  const text = readFileSync(report, "utf8");
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`BENCHMARKS.md has no section "${name}".`);
  writeFileSync(
    report,
    `${text.slice(0, from + begin.length)}\n\n${body.trim()}\n\n${text.slice(to)}`,
  );
}

/** A table as the formatter lays it out; every column but the first stands to the right. */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = header.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => pad(cells[column] ?? "", width, column)).join(" | ")} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  return [line(header), line(rule), ...rows.map(line)].join("\n");
}

const pad = (cell: string, width: number, column: number): string =>
  column === 0 ? cell.padEnd(width) : cell.padStart(width);
