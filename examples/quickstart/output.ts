// The terminal: lines with a time and a speaker, and tables. Colours only where a person reads them: `styleText` leaves
// them out when the output is no terminal or NO_COLOR is set.
import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Who speaks, in their colour. */
const styles: Readonly<Record<string, Style>> = { shop: "yellow", anna: "cyan", ben: "magenta" };
const speakerWidth = 4;
const orderWidth = 5;

const beganAtMs = performance.now();

/** Writes who says what about which order, with the seconds since the program began. */
export function say(speaker: string, orderId: string | undefined, text: string): void {
  const seconds = ((performance.now() - beganAtMs) / 1_000).toFixed(2).padStart(6);
  console.log(
    [
      styleText("dim", `${seconds} s`),
      styleText(styles[speaker] ?? "reset", speaker.padEnd(speakerWidth)),
      styleText("bold", (orderId ?? "").padEnd(orderWidth)),
      text,
    ].join("  "),
  );
}

export function showHeading(text: string): void {
  console.log(`\n${styleText("bold", text)}`);
}

export function showText(text: string): void {
  console.log(text);
}

/** Writes rows with aligned columns; the first row is the header. */
export function showTable(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  for (const [index, row] of rows.entries()) {
    const text = row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
    console.log(index === 0 ? styleText("dim", text) : text);
  }
}

/** Writes whether something is true that must be. */
export function showCheck(isTrue: boolean, text: string): void {
  const mark = isTrue ? styleText("green", "ok    ") : styleText(["red", "bold"], "FAILED");
  console.log(`${mark}  ${text}`);
}

export function formatCents(cents: number): string {
  return (cents / 100).toFixed(2);
}

export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

export function formatSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
