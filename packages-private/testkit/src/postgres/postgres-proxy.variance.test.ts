import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import { createPostgresProxy, type PostgresProxy } from "./postgres-proxy.ts";
import { connectClient, query } from "./query.ts";
import { openTestServer, type TestServer } from "./test-server.ts";

const installTimeoutMs = 300_000;

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
}, installTimeoutMs);
afterAll(async () => server.dispose());

let proxy: PostgresProxy;
beforeEach(async () => {
  await query(server.url, "CREATE TABLE written (text TEXT)");
  proxy = await createPostgresProxy(server.url);
});
afterEach(async () => {
  await proxy.dispose();
  await query(server.url, "DROP TABLE written");
});

async function readWritten(): Promise<string[]> {
  const rows = await query<{ text: string }>(server.url, "SELECT text FROM written");
  return rows.map(({ text }) => text);
}

/** A statement with values is prepared, bound and executed; one without goes as a simple query. */
const commits = {
  "a simple query": "COMMIT",
  "an unnamed prepared statement": { text: "COMMIT", queryMode: "extended" },
  "a named prepared statement": { text: "COMMIT", name: "commit" },
} as const;

describe("the proxy before PostgreSQL", () => {
  it.each(Object.entries(commits))("loses the reply to a COMMIT as %s", async (_, commit) => {
    const client = await connectClient(proxy.url);
    await client.query("BEGIN");
    await client.query("INSERT INTO written VALUES ($1)", ["committed"]);
    const lost = proxy.loseNext("reply");
    await expect(client.query(commit)).rejects.toMatchObject({ code: "ECONNRESET" });
    await lost;
    expect(await readWritten()).toEqual(["committed"]);
  });

  it.each(Object.entries(commits))("loses a COMMIT on its way, as %s", async (_, commit) => {
    const client = await connectClient(proxy.url);
    await client.query("BEGIN");
    await client.query("INSERT INTO written VALUES ($1)", ["committed"]);
    const lost = proxy.loseNext("request");
    await expect(client.query(commit)).rejects.toMatchObject({ code: "ECONNRESET" });
    await lost;
    // The server notices in its own time. The lock is to be had when it has ended the transaction.
    await query(server.url, "BEGIN; LOCK TABLE written; COMMIT");
    expect(await readWritten()).toEqual([]);
  });

  it("loses the reply to any statement that the test chooses, once", async () => {
    const client = await connectClient(proxy.url);
    const lost = proxy.loseNext("reply", (sql) => sql.startsWith("INSERT"));
    await client.query("SELECT 1");
    await expect(client.query("INSERT INTO written VALUES ($1)", ["auto"])).rejects.toMatchObject({
      code: "ECONNRESET",
    });
    await lost;
    const next = await connectClient(proxy.url);
    await next.query("INSERT INTO written VALUES ('next')");
    await next.end();
    expect(await readWritten()).toEqual(["auto", "next"]);
  });

  it("tells a client that asks for encryption that there is none", async () => {
    const client = new pg.Client({ connectionString: proxy.url, ssl: true });
    await expect(client.connect()).rejects.toThrow("does not support SSL");
  });

  it("leaves a transaction open in a black hole, until the server is told otherwise", async () => {
    const client = await connectClient(proxy.url);
    await client.query("BEGIN");
    await client.query("INSERT INTO written VALUES ('open')");
    proxy.blackHole();
    const unanswered = client.query("COMMIT").catch((error: unknown) => error);
    const open = "SELECT 1 FROM pg_stat_activity WHERE state = 'idle in transaction'";
    expect(await query(server.url, open)).toHaveLength(1);
    expect(await server.terminateBackends()).toBe(1);
    await vi.waitFor(async () => expect(await query(server.url, open)).toEqual([]));
    proxy.heal();
    expect(await unanswered).toBeInstanceOf(Error);
    expect(await readWritten()).toEqual([]);
  });
});
