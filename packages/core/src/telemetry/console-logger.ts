import type { EmittedEvent, EventSubscriber } from "../ports/telemetry.ts";
import { levelOfEvent, type LogLevel } from "./event-level.ts";

/** How {@link createConsoleLogger} writes. */
export interface ConsoleLoggerOptions {
  /** The least grave lines that are written. Default `"info"`. `"debug"` also adds the stacks of errors. */
  level?: LogLevel;
  /** Takes a line without its line break. Default: the console's method of the same name as `level`. */
  write?: (line: string, level: LogLevel) => void;
}

const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/**
 * Makes a subscriber that writes each event as one line of `key=value` pairs:
 * `2030-01-01T00:00:00.000Z WARN attempt.ended outcome=retried … error="TypeError: x is undefined"`.
 * Inputs, outputs and progress are in no event, so none is ever written; messages of errors are.
 */
export function createConsoleLogger(options: ConsoleLoggerOptions = {}): EventSubscriber {
  const { level: least = "info", write = writeToConsole } = options;
  return (events) => {
    for (const event of events) {
      const level = levelOfEvent(event);
      if (ranks[level] >= ranks[least]) write(formatLine(event, level, least === "debug"), level);
    }
  };
}

function formatLine(event: EmittedEvent, level: LogLevel, hasStack: boolean): string {
  const { name, atMs, ...fields } = event;
  const pairs = Object.entries(fields)
    // Made for machines.
    .filter(([key]) => key !== "traceContext")
    .flatMap(([key, value]) =>
      key === "error" ? formatError(value, hasStack) : formatField(key, value),
    );
  return [new Date(atMs).toISOString(), level.toUpperCase(), name, ...pairs].join(" ");
}

/** Only what is plain is written: an object could hold anything. */
function formatField(key: string, value: unknown): readonly string[] {
  if (Array.isArray(value)) return [`${key}=${quote(value.map(String).join(","))}`];
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? [`${key}=${quote(String(value))}`]
    : [];
}

function formatError(error: unknown, hasStack: boolean): readonly string[] {
  if (error === undefined) return [];
  if (!(error instanceof Error))
    return [`error=${quote(typeof error === "string" ? error : `a thrown ${typeof error}`)}`];
  const stack = hasStack && error.stack !== undefined ? [`stack=${quote(error.stack)}`] : [];
  return [`error=${quote(`${error.name}: ${error.message}`)}`, ...stack];
}

/**
 * As it is where that is one word; else as JSON, so that no text of others can begin a line or a pair of its own. JSON lets some
 * control characters and line ends pass that terminals obey.
 */
function quote(text: string): string {
  if (/^[\w.:@/,+-]+$/.test(text)) return text;
  return JSON.stringify(text).replaceAll(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function writeToConsole(line: string, level: LogLevel): void {
  // oxlint-disable-next-line no-console -- this is the logger that writes to the console
  console[level](line);
}
