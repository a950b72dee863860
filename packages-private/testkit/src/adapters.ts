import type { ConformanceFixture } from "@queuert/conformance";

import { memoryFixture } from "./memory-fixture.ts";
import { pgBouncerFixture } from "./pgbouncer-fixture.ts";
import { createPgliteFixture } from "./pglite-fixture.ts";
import { createPostgresFixture, nodePostgres } from "./postgres-fixture.ts";
import { postgresLibraries } from "./postgres-providers.ts";
import { createSqliteFixture } from "./sqlite-fixture.ts";

/** Every SQLite configuration that is claimed: each client, with the default table prefix and another one. */
export const sqliteFixtures: readonly ConformanceFixture[] = (
  ["node:sqlite", "better-sqlite3"] as const
).flatMap((client) => [createSqliteFixture(client), createSqliteFixture(client, "app_jobs_")]);

export const postgresFixture: ConformanceFixture = createPostgresFixture(nodePostgres);

/** The adapters of this repository as most have them. Memory is the reference and comes first. */
export const fixtures: readonly ConformanceFixture[] = [
  memoryFixture,
  ...sqliteFixtures,
  postgresFixture,
];

/** Every other way of keeping the tables on PostgreSQL that is claimed, with one client library. */
export const postgresVariants: readonly ConformanceFixture[] = [
  createPostgresFixture(nodePostgres, {
    variant: "prefix, no prepared statements",
    tablePrefix: "App_jobs_",
    isPrepared: false,
  }),
  createPostgresFixture(nodePostgres, {
    variant: "partitions",
    partitions: { everyMs: 3_600_000, ahead: 2 },
  }),
  pgBouncerFixture,
];

/** Every other client library of PostgreSQL that has a provider. */
export const postgresLibraryFixtures: readonly ConformanceFixture[] = [
  ...postgresLibraries.map((library) => createPostgresFixture(library)),
  createPgliteFixture(),
];
