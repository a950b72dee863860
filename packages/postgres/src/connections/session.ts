import type { PostgresRow } from "../providers/provider.ts";

/** A statement of ours: SQL with `{object}` names that answers one row with one column, the text of a JSON value. */
export interface AnsweringStatement {
  /** Unique among the statements. */
  readonly name: string;
  /** An expression, with the placeholders `$1`, `$2` …, each used once, in order and cast from text: `{exchange}($1::text::uuid, …)`. */
  readonly expression: string;
}

/** What an operation asks the server with, in the user's transaction or by itself. */
export interface Session {
  /** For the parameter `p_now` of our functions: NULL lets them read the server's clock; a text where a clock was given. */
  readonly now: string | null;
  /** Runs one statement and parses its answer; `undefined` for NULL. */
  ask<TAnswer>(
    statement: AnsweringStatement,
    values: readonly (string | null)[],
  ): Promise<TAnswer | undefined>;
}

/** The name of the one column that our statements answer. */
export const answerColumn = "answer";

export function readAnswer<TAnswer>(rows: readonly PostgresRow[]): TAnswer | undefined {
  const text = rows[0]?.[answerColumn];
  return typeof text === "string" ? (JSON.parse(text) as TAnswer) : undefined;
}
