import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { connectClient, createTestDatabase, findMainServerUrl } from "@queuert/testkit/postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** The quick start as a reader runs it: a program on a database, and once more on the same one. */
const main = fileURLToPath(new URL("../../examples/quickstart/main.ts", import.meta.url));

interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where it runs, and a way to look at what it left. */
interface Place {
  readonly programArguments: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  list(sql: string): Promise<unknown[][]>;
  dispose(): Promise<void>;
}

async function openSqlite(): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), "queuert-quickstart-"));
  const filename = join(folder, "orders.db");
  return {
    programArguments: [filename],
    env: {},
    async list(sql) {
      const database = new DatabaseSync(filename, { readOnly: true });
      const rows = database.prepare(sql).all();
      database.close();
      return rows.map((row) => Object.values(row));
    },
    dispose: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function openPostgres(): Promise<Place> {
  const { url, drop } = await createTestDatabase(await findMainServerUrl());
  return {
    programArguments: [],
    env: { DATABASE_URL: url },
    async list(sql) {
      const client = await connectClient(url);
      await client.query("SET search_path = queuert_quickstart");
      const { rows } = await client.query<unknown[]>({ text: sql, rowMode: "array" });
      await client.end();
      return rows.map((row) =>
        row.map((value) => (/^\d+$/.test(String(value)) ? Number(value) : value)),
      );
    },
    dispose: drop,
  };
}

async function runQuickStart({ programArguments, env }: Place): Promise<Run> {
  const { DATABASE_URL: _given, ...inherited } = process.env;
  const child = spawn(
    process.execPath,
    ["--conditions=queuert-source", main, ...programArguments],
    {
      timeout: 100_000,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...inherited, FORCE_COLOR: undefined, ...env },
    },
  );
  const [stdout, stderr, status] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => void child.once("close", resolve)),
  ]);
  return { status, stdout, stderr };
}

describe.each([
  ["a SQLite file", openSqlite],
  ["the PostgreSQL database of DATABASE_URL", openPostgres],
] as const)("on %s", (_, open) => {
  let place: Place;
  const runs: Run[] = [];

  beforeAll(async () => {
    place = await open();
    runs.push(await runQuickStart(place));
    runs.push(await runQuickStart(place));
  }, 220_000);

  afterAll(async () => {
    await place.dispose();
  });

  const list: Place["list"] = async (sql) => place.list(sql);

  describe.each([1, 2])("run %i of the quick start", (number) => {
    const output = (): string => runs[number - 1]!.stdout;

    it("ends by itself, with everything true that must be, and without a word on standard error", () => {
      const { status, stdout, stderr } = runs[number - 1]!;
      expect(status, stdout + stderr).toBe(0);
      expect(stderr).toBe("");
      expect(stdout.match(/^ok {6}/gm)).toHaveLength(10);
      expect(stdout).not.toContain("FAILED");
    });

    it("writes plain text where there is no terminal", () => {
      expect(output()).not.toContain("\u001B");
    });

    it("P1: shows an order that was rolled back and left neither a row nor a chain", async () => {
      expect(output()).toContain(`${number}-5    row inserted, chain started, then PaperJamError`);
      expect(output()).toMatch(new RegExp(`^${number}-5 .* none$`, "m"));
      expect(await list(`SELECT id FROM orders WHERE id = '${number}-5'`)).toEqual([]);
    });

    it("P2 P4 P5: kills a worker in mid-commit, and the other one finishes its job, once", async () => {
      const killed = /kills (\w+) \(SIGKILL\)/.exec(output())?.[1];
      expect(killed).toBeDefined();
      expect(output()).toMatch(new RegExp(`^${number}-8 .* \\d \\([^)]*lost[^)]*\\)`, "m"));
      const charges = await list(`SELECT charged_by FROM ledger WHERE order_id = '${number}-8'`);
      expect(charges).toEqual([[killed === "anna" ? "ben" : "anna"]]);
    });

    it("shows the retry, the failure with its redrive, and the approval", () => {
      expect(output()).toMatch(/order\.charge: attempt \d threw BankBusyError/);
      expect(output()).toContain("order.charge failed for good: CardDeclinedError");
      expect(output()).toContain("the failed chain is open again");
      expect(output()).toContain("order.approve continued without a worker");
    });

    it("ships six orders and rejects one", async () => {
      expect(
        (await list(`SELECT status FROM orders WHERE id LIKE '${number}-%' ORDER BY id`)).flat(),
      ).toEqual(["shipped", "shipped", "shipped", "rejected", "shipped", "shipped", "shipped"]);
      const [counts] = /^In this database: .*$/m.exec(output()) ?? [];
      expect(counts).toContain(
        `runs ${number}, orders ${7 * number}, shipped ${6 * number}, rejected ${number}.`,
      );
    });
  });

  describe("what is left after both runs", () => {
    it("P2: has every order charged, reserved and shipped exactly once", async () => {
      const shipped = await list(
        "SELECT id, cents, count FROM orders WHERE status = 'shipped' ORDER BY id",
      );
      expect(shipped).toHaveLength(12);
      expect(await list("SELECT order_id, cents FROM ledger ORDER BY order_id")).toEqual(
        shipped.map(([id, cents]) => [id, cents]),
      );
      expect(await list("SELECT order_id, count FROM reservations ORDER BY order_id")).toEqual(
        shipped.map(([id, , count]) => [id, count]),
      );
      expect(
        await list("SELECT order_id, count(*) FROM parcels GROUP BY order_id ORDER BY order_id"),
      ).toEqual(shipped.map(([id, , count]) => [id, count]));
    });

    it("has a stock that adds up", async () => {
      expect(await list("SELECT product, count FROM stock ORDER BY product")).toEqual([
        ["desk", 0],
        ["lamp", 4],
        ["vase", 0],
      ]);
    });
  });
});
