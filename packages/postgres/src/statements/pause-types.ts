import type { AnsweringStatement, Session } from "../connections/session.ts";
import { encodeArray } from "../text-array.ts";

const statement: AnsweringStatement = {
  name: "pause_types",
  expression: "{pause_types}($1::text::text[], $2::text::boolean)",
};

export async function setTypesPaused(
  session: Session,
  types: readonly string[],
  isPaused: boolean,
): Promise<void> {
  await session.ask(statement, [encodeArray(types), String(isPaused)]);
}
