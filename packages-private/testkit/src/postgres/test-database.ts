import { randomBytes } from "node:crypto";

import { query } from "./query.ts";

export interface TestDatabase {
  readonly url: string;
  /** Ends what is still connected to it. */
  drop(): Promise<void>;
}

/** A name that no other test uses, for a schema, a role or whatever else a test makes. Needs no quoting. */
export function createTestName(): string {
  return `queuert_test_${randomBytes(8).toString("hex")}`;
}

/** An empty database of the server, with all its schemas, channels and advisory locks. The role needs CREATEDB. */
export async function createTestDatabase(serverUrl: string): Promise<TestDatabase> {
  const name = createTestName();
  await query(serverUrl, `CREATE DATABASE ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    async drop() {
      await query(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}
