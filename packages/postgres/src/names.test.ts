import { describe, expect, test } from "vitest";

import { createNameObjects } from "./names.ts";

describe("names of an installation", () => {
  test("tables and functions stand in the schema, and new indexes are named without it", () => {
    const nameObjects = createNameObjects({ schema: "Jobs", tablePrefix: "app_" });
    expect(nameObjects("CREATE INDEX {=job_ready} ON {job}; SET x = '{}'; {schema}")).toBe(
      `CREATE INDEX "app_job_ready" ON "Jobs"."app_job"; SET x = '{}'; "Jobs"`,
    );
  });

  test.each(["", "1st", 'a"b', "a.b", "a;drop", "a b", "ä", "x".repeat(64)])(
    "P9: the schema %j is refused",
    (schema) => {
      expect(() => createNameObjects({ schema, tablePrefix: "" })).toThrow(
        expect.objectContaining({ code: "STORE_SETUP_INVALID" }),
      );
    },
  );

  test.each(['"', "a-b", "a.b", "a'", "x".repeat(26)])("P9: the prefix %j is refused", (prefix) => {
    expect(() => createNameObjects({ schema: "queuert", tablePrefix: prefix })).toThrow(
      expect.objectContaining({ code: "STORE_SETUP_INVALID" }),
    );
  });

  test("the longest schema and prefix make names that PostgreSQL does not cut", () => {
    const name = createNameObjects({
      schema: "s".repeat(63),
      tablePrefix: "p".repeat(25),
    })("{=deduplication_expiry}");
    expect(name.length - 2).toBeLessThanOrEqual(63);
  });
});
