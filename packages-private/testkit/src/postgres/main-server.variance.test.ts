import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { findMainServerUrl, openMainServerDoor } from "./main-server-door.ts";
import { openMainServer } from "./main-server.ts";
import { query } from "./query.ts";
import { openTestServer, type TestServer } from "./test-server.ts";

const installTimeoutMs = 300_000;

let given: TestServer;
beforeAll(async () => {
  given = await openTestServer();
}, installTimeoutMs);
afterAll(async () => given.dispose());

async function countDatabases(): Promise<number> {
  return (await query(given.url, "SELECT datname FROM pg_database")).length;
}

describe("the main server", () => {
  it("is the one that DATABASE_URL names, with a database for the run", async () => {
    const before = await countDatabases();
    const server = await openMainServer({ DATABASE_URL: given.url });
    expect(new URL(server.url).host).toBe(new URL(given.url).host);
    expect(await query(server.url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
    expect(await countDatabases()).toBe(before + 1);
    expect(server.description).toMatch(/^PostgreSQL \d+\.\d+.*, found by DATABASE_URL$/);
    await server.dispose();
    expect(await countDatabases()).toBe(before);
  });

  it(
    "is of the major that QUEUERT_POSTGRES_MAJOR names, also beside a DATABASE_URL",
    async () => {
      const server = await openMainServer({
        QUEUERT_POSTGRES_MAJOR: "16",
        DATABASE_URL: given.url,
      });
      expect(server.description).toMatch(/^PostgreSQL 16\.\d+, started for this run$/);
      await server.dispose();
      await expect(query(server.url, "SELECT 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    },
    installTimeoutMs,
  );

  it("is of no major that there is not", async () => {
    await expect(openMainServer({ QUEUERT_POSTGRES_MAJOR: "13" })).rejects.toThrow(
      'QUEUERT_POSTGRES_MAJOR is "13". There are 14, 15, 16, 17, 18.',
    );
  });
});

describe("the door to it", () => {
  it("opens one server for all who ask, and closes it", async () => {
    vi.stubEnv("QUEUERT_POSTGRES_DOOR", undefined);
    vi.stubEnv("QUEUERT_POSTGRES_MAJOR", undefined);
    vi.stubEnv("DATABASE_URL", given.url);
    const said = vi.spyOn(console, "log").mockReturnValue();
    const before = await countDatabases();
    const door = await openMainServerDoor();
    expect(await countDatabases()).toBe(before);
    const urls = await Promise.all([findMainServerUrl(), findMainServerUrl()]);
    expect(new Set(urls).size).toBe(1);
    expect(said.mock.calls).toEqual([[expect.stringContaining("found by DATABASE_URL")]]);
    expect(await countDatabases()).toBe(before + 1);
    await door.dispose();
    expect(await countDatabases()).toBe(before);
  });

  it("passes on why there is no server", async () => {
    vi.stubEnv("QUEUERT_POSTGRES_DOOR", undefined);
    vi.stubEnv("QUEUERT_POSTGRES_MAJOR", "13");
    const door = await openMainServerDoor();
    await expect(findMainServerUrl()).rejects.toThrow('QUEUERT_POSTGRES_MAJOR is "13"');
    await door.dispose();
  });

  it("has to be there", async () => {
    vi.stubEnv("QUEUERT_POSTGRES_DOOR", undefined);
    await expect(findMainServerUrl()).rejects.toThrow("openMainServerDoor()");
  });
});
