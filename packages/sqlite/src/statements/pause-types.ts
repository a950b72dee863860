import type { Session } from "../connections/session.ts";

export const pauseTypesStatements = {
  setPaused:
    "INSERT INTO {job_type} (type, is_paused) VALUES (?, ?) ON CONFLICT (type) DO UPDATE SET is_paused = excluded.is_paused",
  listTypes: "SELECT type, is_paused AS isPaused FROM {job_type} ORDER BY type",
} as const;

export function setTypesPaused(
  session: Session,
  types: readonly string[],
  isPaused: boolean,
): void {
  for (const type of types) session.run(pauseTypesStatements.setPaused, type, isPaused ? 1 : 0);
}

export function listTypes(
  session: Session,
): readonly { readonly type: string; readonly isPaused: boolean }[] {
  return session
    .all<{ type: string; isPaused: number }>(pauseTypesStatements.listTypes)
    .map(({ type, isPaused }) => ({ type, isPaused: isPaused === 1 }));
}
