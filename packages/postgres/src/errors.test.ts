import { BlockerUnusableError } from "queuert/adapter";
import { describe, expect, test } from "vitest";

import { isConflict, sqlStateOf, translateError } from "./errors.ts";

/** As a client library throws what the server says. */
function serverError(code: string): Error {
  return Object.assign(new Error("as the server says"), { code, severity: "ERROR" });
}

describe("errors of the server", () => {
  test.each([
    ["40001", "STORE_CONFLICT"],
    ["40P01", "STORE_CONFLICT"],
    ["55P03", "STORE_CONFLICT"],
    ["42P01", "STORE_SETUP_INVALID"],
    ["42883", "STORE_SETUP_INVALID"],
    ["3F000", "STORE_SETUP_INVALID"],
    ["42501", "STORE_SETUP_INVALID"],
    ["28P01", "STORE_SETUP_INVALID"],
    ["25P02", "TRANSACTION_INVALID"],
    ["25006", "STORE_UNAVAILABLE"],
    ["53100", "STORE_UNAVAILABLE"],
    ["53300", "STORE_UNAVAILABLE"],
    ["57P01", "STORE_UNAVAILABLE"],
    ["08006", "STORE_UNAVAILABLE"],
  ])("SQLSTATE %s is %s", (sqlState, code) => {
    const error = serverError(sqlState);
    expect(translateError(error)).toMatchObject({ code });
  });

  test("what has no meaning of its own here passes as it is", () => {
    const error = serverError("22P02");
    expect(translateError(error)).toBe(error);
  });

  test.each(["cause", "driverError", "originalError", "meta"])(
    "is found in an error that a library wrapped around it as %s",
    (field) => {
      const wrapped = Object.assign(new Error("wrapped"), {
        code: "P2010",
        [field]: Object.assign(new Error("between"), { cause: serverError("40P01") }),
      });
      expect(sqlStateOf(Object.assign(wrapped, { code: "ERR_WRAPPED" }))).toBe("40P01");
      expect(isConflict(wrapped)).toBe(true);
    },
  );
});

describe("errors of the connection", () => {
  test.each([
    Object.assign(new Error("connect"), { code: "ECONNREFUSED" }),
    Object.assign(new Error("read"), { code: "ECONNRESET" }),
    Object.assign(new Error("closed"), { code: "CONNECTION_CLOSED" }),
    new Error("Connection terminated unexpectedly"),
    new Error("timeout exceeded when trying to connect"),
  ])("%s is the database being away", (error) => {
    expect(translateError(error)).toMatchObject({ code: "STORE_UNAVAILABLE", cause: error });
  });
});

test("errors of Queuert and of the user pass as they are", () => {
  const ours = new BlockerUnusableError({ chainId: "c", reason: "notFound" });
  const theirs = new Error("the user's own");
  expect(translateError(ours)).toBe(ours);
  expect(translateError(theirs)).toBe(theirs);
  expect(translateError(undefined)).toBe(undefined);
});
