import type { ConformanceFixture } from "@queuert/conformance";

import { memoryFixture } from "./memory-fixture.ts";
import { createSqliteFixture } from "./sqlite-fixture.ts";

/** Every SQLite configuration that is claimed: each client, with the default table prefix and another one. */
export const sqliteFixtures: readonly ConformanceFixture[] = (
  ["node:sqlite", "better-sqlite3"] as const
).flatMap((client) => [createSqliteFixture(client), createSqliteFixture(client, "app_jobs_")]);

/** Every adapter of this repository, in every configuration that is claimed. Memory is the reference and comes first. */
export const fixtures: readonly ConformanceFixture[] = [memoryFixture, ...sqliteFixtures];
