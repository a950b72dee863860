import { expect, it } from "vitest";

import { currentVersion, migrations } from "./migrations.ts";
import { statementsOf } from "./migrate.ts";
import { printMigrations } from "./print-migrations.ts";

it("versions stand in the order of the list, three digits each", () => {
  expect(migrations.map(({ version }) => version)).toEqual(
    migrations.map((_, place) => `${place + 1}`.padStart(3, "0")),
  );
});

it("every function that a function calls is installed, once", () => {
  const statements = statementsOf(migrations, { isPartitioned: false });
  const namesIn = (text: string, pattern: RegExp): readonly string[] =>
    [...text.matchAll(pattern)].map(([, name]) => name!);
  const defined = statements.flatMap((statement) =>
    namesIn(statement, /^\s*CREATE OR REPLACE FUNCTION \{(\w+)\}/g),
  );
  expect(new Set(defined).size).toBe(defined.length);
  const called = new Set(
    statements
      .filter((statement) => statement.includes("FUNCTION"))
      .flatMap((statement) => namesIn(statement, /\{(\w+)\}\(/g)),
  );
  expect([...called].filter((name) => !defined.includes(name))).toEqual([]);
});

it("prints what comes after a version, and nothing after the last", () => {
  expect(printMigrations({ from: currentVersion })).toBe("");
  expect(() => printMigrations({ from: "000" })).toThrow(
    expect.objectContaining({ code: "STORE_SETUP_INVALID" }),
  );
  expect(printMigrations({ schema: "jobs", tablePrefix: "app_" })).toContain(
    'CREATE TABLE "jobs"."app_job" (',
  );
});

it.each(['a"; DROP TABLE users; --', "a'b", "", "1a", "a".repeat(64)])(
  "refuses the schema %j",
  (schema) => {
    expect(() => printMigrations({ schema })).toThrow(
      expect.objectContaining({ code: "STORE_SETUP_INVALID" }),
    );
  },
);

it.each(['a"', "a'b", "a b", "a".repeat(26)])("refuses the prefix %j", (tablePrefix) => {
  expect(() => printMigrations({ tablePrefix })).toThrow(
    expect.objectContaining({ code: "STORE_SETUP_INVALID" }),
  );
});

it.each([
  { everyMs: 0 },
  { everyMs: 3_599_999 },
  { everyMs: 367 * 86_400_000 },
  { everyMs: 86_400_000, ahead: 0 },
  { everyMs: 86_400_000, ahead: 1.5 },
])("refuses partitions by %j", (partitions) => {
  expect(() => printMigrations({ partitions })).toThrow(
    expect.objectContaining({ code: "STORE_SETUP_INVALID" }),
  );
});
