import { StoreSetupError, type MigrationReport } from "queuert/adapter";

import type { Connection } from "../connections/connection.ts";
import { sessionStatements } from "../connections/session.ts";
import { currentVersion, migrations } from "./migrations.ts";

export const migrateStatements = {
  listVersions: "SELECT version FROM {migration} ORDER BY version",
  insertVersion: "INSERT INTO {migration} (version, applied_at) VALUES (?, ?)",
} as const;

const createMigrationTable =
  "CREATE TABLE {migration} (version TEXT NOT NULL PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT";

/**
 * Brings the schema up to date, inside a write transaction: another process that migrates waits for it, and then finds all versions there.
 *
 * @throws StoreSetupError when the schema is newer than this adapter knows; it has changed nothing.
 */
export function applyMigrations(connection: Connection<object>): MigrationReport {
  if (!hasMigrationTable(connection)) connection.execute(createMigrationTable);
  const present = listVersions(connection);
  const newest = present.at(-1);
  if (newest !== undefined && newest > currentVersion) {
    throw new StoreSetupError(
      `The schema has version ${newest}, and this adapter knows no newer one than ${currentVersion}. Update @queuert/sqlite before you migrate.`,
    );
  }
  const { nowMs } = connection.first<{ nowMs: number }>(sessionStatements.now)!;
  const pending = migrations.filter(({ version }) => !present.includes(version));
  for (const { version, sql } of pending) {
    connection.execute(sql);
    connection.run(migrateStatements.insertVersion, version, nowMs);
  }
  return { applied: pending.map(({ version }) => version), version: currentVersion };
}

/**
 * Throws where operations would miss tables or columns. A newer schema passes: processes of the version before go on working while others
 * are updated.
 */
export function assertMigrated(connection: Connection<object>): void {
  const present = hasMigrationTable(connection) ? listVersions(connection) : [];
  if ((present.at(-1) ?? "") >= currentVersion) return;
  throw new StoreSetupError(
    present.length === 0
      ? "The database has no tables of Queuert under this tablePrefix. Call migrate() first."
      : `The schema has version ${present.at(-1)}, and this adapter works with ${currentVersion}. Call migrate() first.`,
  );
}

/** Asked of the catalogue, since SQLite's error for a missing table has no code of its own. */
function hasMigrationTable(connection: Connection<object>): boolean {
  return (
    connection.first(
      "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND lower(name) = lower('{migration}')",
    ) !== undefined
  );
}

function listVersions(connection: Connection<object>): readonly string[] {
  return connection
    .all<{ version: string }>(migrateStatements.listVersions)
    .map(({ version }) => version);
}
