import type { SqliteValue } from "../providers/provider.ts";
import type { Connection } from "./connection.ts";

/** One operation at work in a transaction. Everything between its begin and its end is synchronous, so nothing comes between (trap C6). */
export interface Session {
  /** The database's now in ms, read once for the operation (P8). */
  readonly nowMs: number;
  /** Runs a statement that returns no rows; answers how many rows changed. */
  run(sql: string, ...values: readonly SqliteValue[]): number;
  first<TRow>(sql: string, ...values: readonly SqliteValue[]): TRow | undefined;
  all<TRow>(sql: string, ...values: readonly SqliteValue[]): readonly TRow[];
}

/** SQL by name, with `{table}` names. Each file of statements exports its own, so that a test can prepare and explain them all. */
export type Statements<TName extends string> = Readonly<Record<TName, string>>;

export const sessionStatements = {
  now: "SELECT CAST(ROUND(unixepoch('subsec') * 1000) AS INTEGER) AS nowMs",
} as const;

/** `clock` stands in for the database's clock in tests. */
export function createSession(
  connection: Connection<object>,
  clock: (() => number) | undefined,
): Session {
  let nowMs: number | undefined;
  return {
    get nowMs() {
      nowMs ??=
        clock === undefined
          ? connection.first<{ nowMs: number }>(sessionStatements.now)!.nowMs
          : clock();
      return nowMs;
    },
    run: connection.run,
    first: connection.first,
    all: connection.all,
  };
}
