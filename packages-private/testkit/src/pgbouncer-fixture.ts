import type { ConformanceFixture } from "@queuert/conformance";

import { createPostgresFixture, nodePostgres } from "./postgres-fixture.ts";
import { findMainServerUrl } from "./postgres/main-server-door.ts";
import { openPgBouncer, type PgBouncer } from "./postgres/pgbouncer.ts";

let opened: Promise<PgBouncer | undefined> | undefined;

/** One for the process, which it ends with. */
async function findPgBouncerUrl(): Promise<string> {
  opened ??= findMainServerUrl().then(async (url) => openPgBouncer(url, { poolSize: 20 }));
  const pgBouncer = await opened;
  if (pgBouncer === undefined)
    throw new Error("PgBouncer is neither on the PATH nor to be had from apt.");
  return pgBouncer.url;
}

/**
 * The state adapter behind PgBouncer in transaction mode, where no prepared statement outlives its transaction. LISTEN does not work
 * there: the notify adapter's own tests show what it does.
 */
export const pgBouncerFixture: ConformanceFixture = createPostgresFixture(
  { ...nodePostgres, canListen: false },
  { variant: "behind PgBouncer", isPrepared: false, findUrl: findPgBouncerUrl },
);
