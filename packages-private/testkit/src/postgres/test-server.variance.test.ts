import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { isPublished, postgresMajors } from "./ensure-postgres.ts";
import { connectClient, query } from "./query.ts";
import { openTestServer, type TestServer } from "./test-server.ts";

/** The first test that needs a server may have to install it. */
const installTimeoutMs = 300_000;

function isRunning(pid: number | undefined): boolean {
  try {
    return process.kill(pid ?? 0, 0);
  } catch {
    return false;
  }
}

describe.each(postgresMajors)("PostgreSQL %i", (major) => {
  it(
    "starts, is of that version, and leaves nothing behind",
    async ({ skip }) => {
      if (!(await isPublished(major))) skip(`None is published for this platform.`);
      const server = await openTestServer({ major });
      const { pid, folder } = server;
      try {
        const [row] = await query<{ version: string }>(server.url, "SELECT version()");
        expect(row?.version).toMatch(new RegExp(`^PostgreSQL ${major}\\.`));
        expect([isRunning(pid), existsSync(folder)]).toEqual([true, true]);
      } finally {
        await server.dispose();
      }
      expect([isRunning(pid), existsSync(folder)]).toEqual([false, false]);
    },
    installTimeoutMs,
  );
});

describe("a server", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await openTestServer({ settings: { work_mem: "5MB" } });
  }, installTimeoutMs);
  afterAll(async () => server.dispose());

  it("takes settings beside those for tests", async () => {
    const rows = await query(
      server.url,
      "SELECT name, current_setting(name) AS value FROM unnest(ARRAY['work_mem', 'fsync']) AS name",
    );
    expect(rows).toEqual([
      { name: "work_mem", value: "5MB" },
      { name: "fsync", value: "off" },
    ]);
  });

  it.runIf(process.platform === "linux")("does not run as root", () => {
    const { uid } = statSync(`/proc/${server.pid}`);
    expect(uid).not.toBe(0);
    expect(statSync(server.folder).uid).toBe(uid);
  });

  it.each(["fast", "immediate"] as const)(
    "keeps what was committed over a restart (%s), and nothing else",
    async (mode) => {
      await query(server.url, "DROP TABLE IF EXISTS kept");
      await query(server.url, "CREATE TABLE kept (text TEXT)");
      await query(server.url, "INSERT INTO kept VALUES ('committed')");
      const client = await connectClient(server.url);
      await client.query("BEGIN");
      await client.query("INSERT INTO kept VALUES ('open')");
      const { pid } = server;

      await server.restart(mode);
      expect(server.pid).not.toBe(pid);
      expect(isRunning(pid)).toBe(false);
      expect(await query(server.url, "SELECT text FROM kept")).toEqual([{ text: "committed" }]);
      await expect(client.query("COMMIT")).rejects.toThrow(/connection/i);
    },
  );

  it("takes no connections while it is down", async () => {
    await server.stop();
    expect(server.pid).toBeUndefined();
    await expect(query(server.url, "SELECT 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await server.start();
    expect(await query(server.url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  it("ends the connections of all clients, in all databases", async () => {
    const database = await server.createDatabase();
    const clients = [await connectClient(server.url), await connectClient(database.url)];
    const ended = clients.map(
      async (client) => new Promise<void>((resolve) => void client.once("end", resolve)),
    );
    expect(await server.terminateBackends()).toBe(2);
    await Promise.all(ended);
    await database.drop();
  });

  it("drops a database that is in use", async () => {
    const database = await server.createDatabase();
    const client = await connectClient(database.url);
    await database.drop();
    await expect(client.query("SELECT 1")).rejects.toThrow(/terminat|connection/i);
    await expect(query(database.url, "SELECT 1")).rejects.toMatchObject({ code: "3D000" });
  });

  it("says what the program wrote when it cannot start", async () => {
    await expect(openTestServer({ settings: { shared_buffers: "none" } })).rejects.toThrow(
      "shared_buffers",
    );
  });
});

// Windows has neither the signals nor the groups.
describe.runIf(process.platform !== "win32")("a process that dies", () => {
  /** Starts one in a process group of its own, as a terminal does. */
  const holdServer = async () => {
    const script = fileURLToPath(new URL("hold-server.fixture.ts", import.meta.url));
    const holder = spawn(process.execPath, [script], { detached: true });
    // The guard writes its errors where the holder does: the stream ends when both are gone.
    const gone = once(holder, "close");
    const [line] = (await once(holder.stdout, "data")) as [Buffer];
    const server = JSON.parse(String(line)) as { readonly pid: number; readonly folder: string };
    return { holder, gone, ...server };
  };

  it.each([
    ["is killed", "SIGKILL", 1],
    ["is interrupted from its terminal", "SIGINT", -1],
  ] as const)("takes its server along when it %s", async (_how, signal, sign) => {
    const { holder, gone, pid, folder } = await holdServer();
    expect([isRunning(pid), existsSync(folder)]).toEqual([true, true]);
    process.kill(sign * (holder.pid ?? 0), signal);
    await gone;
    expect([isRunning(pid), existsSync(folder)]).toEqual([false, false]);
  });
});
