import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** The quick start as a reader runs it: a program on a file, and once more on the same file. */
const main = fileURLToPath(new URL("../../examples/quickstart/main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "queuert-quickstart-"));
const filename = join(folder, "orders.db");

interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function runQuickStart(): Run {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--conditions=queuert-source", main, filename],
    { encoding: "utf8", timeout: 100_000, env: { ...process.env, FORCE_COLOR: undefined } },
  );
  return { status, stdout, stderr };
}

let runs: readonly Run[];
let database: DatabaseSync;

beforeAll(() => {
  runs = [runQuickStart(), runQuickStart()];
  database = new DatabaseSync(filename, { readOnly: true });
}, 220_000);

afterAll(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

function list(sql: string): unknown[][] {
  return database
    .prepare(sql)
    .all()
    .map((row) => Object.values(row));
}

describe.each([1, 2])("run %i of the quick start on one file", (number) => {
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

  it("P1: shows an order that was rolled back and left neither a row nor a chain", () => {
    expect(output()).toContain(`${number}-5    row inserted, chain started, then PaperJamError`);
    expect(output()).toMatch(new RegExp(`^${number}-5 .* none$`, "m"));
    expect(list(`SELECT id FROM orders WHERE id = '${number}-5'`)).toEqual([]);
  });

  it("P2 P4 P5: kills a worker in mid-commit, and the other one finishes its job, once", () => {
    const killed = /kills (\w+) \(SIGKILL\)/.exec(output())?.[1];
    expect(killed).toBeDefined();
    expect(output()).toMatch(new RegExp(`^${number}-8 .* \\d \\([^)]*lost[^)]*\\)`, "m"));
    const charges = list(`SELECT charged_by FROM ledger WHERE order_id = '${number}-8'`);
    expect(charges).toEqual([[killed === "anna" ? "ben" : "anna"]]);
  });

  it("shows the retry, the failure with its redrive, and the approval", () => {
    expect(output()).toMatch(/order\.charge: attempt \d threw BankBusyError/);
    expect(output()).toContain("order.charge failed for good: CardDeclinedError");
    expect(output()).toContain("the failed chain is open again");
    expect(output()).toContain("order.approve continued without a worker");
  });

  it("ships six orders and rejects one", () => {
    expect(
      list(`SELECT status FROM orders WHERE id LIKE '${number}-%' ORDER BY id`).flat(),
    ).toEqual(["shipped", "shipped", "shipped", "rejected", "shipped", "shipped", "shipped"]);
    const [counts] = /^In this file: .*$/m.exec(output()) ?? [];
    expect(counts).toContain(
      `runs ${number}, orders ${7 * number}, shipped ${6 * number}, rejected ${number}.`,
    );
  });
});

describe("the file after both runs", () => {
  it("P2: has every order charged, reserved and shipped exactly once", () => {
    const shipped = list(
      "SELECT id, cents, count FROM orders WHERE status = 'shipped' ORDER BY id",
    );
    expect(shipped).toHaveLength(12);
    expect(list("SELECT order_id, cents FROM ledger ORDER BY order_id")).toEqual(
      shipped.map(([id, cents]) => [id, cents]),
    );
    expect(list("SELECT order_id, count FROM reservations ORDER BY order_id")).toEqual(
      shipped.map(([id, , count]) => [id, count]),
    );
    expect(
      list("SELECT order_id, count(*) FROM parcels GROUP BY order_id ORDER BY order_id"),
    ).toEqual(shipped.map(([id, , count]) => [id, count]));
  });

  it("has a stock that adds up", () => {
    expect(list("SELECT product, count FROM stock ORDER BY product")).toEqual([
      ["desk", 0],
      ["lamp", 4],
      ["vase", 0],
    ]);
  });

  it("is whole", () => {
    expect(list("PRAGMA integrity_check")).toEqual([["ok"]]);
  });
});
