import type { Session } from "../connections/session.ts";

export const listPausedTypesStatements = {
  listPausedTypes: "SELECT type FROM {job_type} WHERE is_paused = 1",
} as const;

/** The types that nothing is claimed of. */
export function listPausedTypes(session: Session): ReadonlySet<string> {
  return new Set(
    session
      .all<{ type: string }>(listPausedTypesStatements.listPausedTypes)
      .map(({ type }) => type),
  );
}
