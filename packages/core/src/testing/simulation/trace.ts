import { hashText } from "./random.ts";

/** What happened in a run, line by line. */
export interface Trace {
  /** The newest lines; those long ago are dropped. */
  readonly lines: readonly string[];
  readonly write: (line: string) => void;
  /** Equal for two runs exactly when the same was written in both. */
  readonly hash: () => string;
}

const lineCountMax = 20_000;

/** Starts a trace whose lines begin with the time since the start of the run. `onLine` takes each, too. */
export function createTrace(elapsedMs: () => number, onLine: (line: string) => void): Trace {
  const lines: string[] = [];
  let hash = 0;
  return {
    lines,
    write: (line) => {
      const text = `${elapsedMs()} ms  ${line}`;
      hash = hashText(text, hash);
      if (lines.length >= lineCountMax) lines.splice(0, lineCountMax / 2);
      lines.push(text);
      onLine(text);
    },
    hash: () => hash.toString(16).padStart(8, "0"),
  };
}
