import type { AnsweringStatement, Session } from "../connections/session.ts";

const listTypesStatement: AnsweringStatement = {
  name: "list_types",
  expression: `SELECT json_agg(json_build_array(known.type, known.is_paused) ORDER BY known.type COLLATE "C") FROM {job_type} AS known`,
};

export async function listTypes(
  session: Session,
): Promise<readonly { readonly type: string; readonly isPaused: boolean }[]> {
  const rows = await session.ask<readonly (readonly [type: string, isPaused: boolean])[]>(
    listTypesStatement,
    [],
  );
  return (rows ?? []).map(([type, isPaused]) => ({ type, isPaused }));
}
