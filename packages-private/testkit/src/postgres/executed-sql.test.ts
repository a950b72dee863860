import { describe, expect, it } from "vitest";

import { createSqlFollower, isCommit } from "./executed-sql.ts";
import type { WireMessage } from "./wire-messages.ts";

function message(type: string, ...texts: readonly string[]): WireMessage {
  const body = Buffer.from(texts.map((text) => `${text}\0`).join(""));
  return { type, body, bytes: body };
}

describe("what a message has the server execute", () => {
  it("stands in a simple query", () => {
    expect(createSqlFollower()(message("Q", "SELECT 1"))).toBe("SELECT 1");
  });

  it("is what was prepared for the portal, which may be long ago", () => {
    const follow = createSqlFollower();
    const followed = [
      message("P", "first", "SELECT 1"),
      message("P", "", "SELECT 2"),
      message("S"),
      message("B", "portal", "first"),
      message("B", "", ""),
      message("E", "portal"),
      message("E", ""),
      message("P", "", "SELECT 3"),
      message("B", "", ""),
      message("E", ""),
    ].map(follow);
    expect(followed.filter((sql) => sql !== undefined)).toEqual([
      "SELECT 1",
      "SELECT 2",
      "SELECT 3",
    ]);
  });
});

describe("a commit", () => {
  it.each(["COMMIT", " commit ; ", "END", "COMMIT WORK", "INSERT INTO a VALUES (1); COMMIT"])(
    "is %j",
    (sql) => {
      expect(isCommit(sql)).toBe(true);
    },
  );

  it.each([
    "ROLLBACK",
    "COMMIT PREPARED 'a'",
    "SELECT 'commit'",
    "SELECT 1 AS end",
    "COMMIT; SELECT 1",
  ])("is not %j", (sql) => {
    expect(isCommit(sql)).toBe(false);
  });
});
