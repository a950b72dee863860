import type pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it, type TestContext } from "vitest";

import { ensurePgBouncer } from "./ensure-pgbouncer.ts";
import { openPgBouncer, type PgBouncer, type PgBouncerOptions } from "./pgbouncer.ts";
import { connectClient, query } from "./query.ts";
import { openTestServer, type TestServer } from "./test-server.ts";

const installTimeoutMs = 300_000;

describe("PgBouncer before a server", () => {
  let server: TestServer;
  let isThere: boolean;
  beforeAll(async () => {
    [server, isThere] = await Promise.all([
      openTestServer(),
      ensurePgBouncer().then((found) => found !== undefined),
    ]);
  }, installTimeoutMs);
  afterAll(async () => server.dispose());

  let opened: { dispose(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const each of opened.toReversed()) await each.dispose();
    opened = [];
  });

  const open = async (
    { skip }: Pick<TestContext, "skip">,
    options: PgBouncerOptions = {},
  ): Promise<PgBouncer> => {
    if (!isThere) skip("PgBouncer is neither on the PATH nor to be had from apt.");
    const bouncer = await openPgBouncer(server.url, options);
    if (bouncer === undefined) throw new Error("PgBouncer was there and is not any more.");
    opened.push(bouncer);
    return bouncer;
  };
  const connect = async (url: string): Promise<pg.Client> => {
    const client = await connectClient(url);
    opened.push({ dispose: async () => client.end() });
    return client;
  };
  const readBackend = async (client: pg.Client): Promise<number | undefined> => {
    const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    return rows[0]?.pid;
  };

  it("gives a client another backend with another transaction", async (context) => {
    const bouncer = await open(context, { poolSize: 2 });
    const [client, other] = [await connect(bouncer.url), await connect(bouncer.url)];
    const first = await readBackend(client);
    await other.query("BEGIN");
    // The only backend so far is free again.
    expect(await readBackend(other)).toBe(first);
    expect(await readBackend(client)).not.toBe(first);
    await other.query("COMMIT");
  });

  it("keeps a client on its backend in session mode", async (context) => {
    const bouncer = await open(context, { poolMode: "session", poolSize: 2 });
    const [client, other] = [await connect(bouncer.url), await connect(bouncer.url)];
    const first = await readBackend(client);
    expect(await readBackend(other)).not.toBe(first);
    expect(await readBackend(client)).toBe(first);
  });

  it("loses prepared statements with the backend", async (context) => {
    const bouncer = await open(context, { poolSize: 2 });
    const [client, other] = [await connect(bouncer.url), await connect(bouncer.url)];
    const statement = { name: "one", text: "SELECT 1 AS one" };
    await client.query(statement);
    await other.query("BEGIN");
    await readBackend(other);
    await expect(client.query(statement)).rejects.toMatchObject({ code: "26000" });
    await other.query("COMMIT");
  });

  it("opens no more backends than the pool has", async (context) => {
    const bouncer = await open(context, { poolSize: 3 });
    const clients = await Promise.all(Array.from({ length: 10 }, async () => connect(bouncer.url)));
    const backends = await Promise.all(clients.map(readBackend));
    expect(new Set(backends).size).toBeLessThanOrEqual(3);
    const pools = await query<{ database: string; pool_mode: string }>(
      bouncer.consoleUrl,
      "SHOW POOLS",
    );
    expect(pools.filter(({ database }) => database === "postgres")).toMatchObject([
      { pool_mode: "transaction" },
    ]);
  });

  it("is gone when it is disposed of", async (context) => {
    const bouncer = await open(context);
    await bouncer.dispose();
    await expect(query(bouncer.url, "SELECT 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});
