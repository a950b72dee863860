import { describe, expect as check, test } from "vitest";

import { ConformanceFailure, expect } from "./expect.ts";

describe("equal", () => {
  test("passes for equal values, deep", () => {
    expect.equal({ a: [1, { b: new Date(5) }], c: undefined }, { a: [1, { b: new Date(5) }] });
  });

  test.each([
    [{ a: 1 }, { a: 2 }, "a: got 1, expected 2"],
    [{ a: { b: [1, 2] } }, { a: { b: [1, 3] } }, "a.b.1: got 2, expected 3"],
    [[1], [1, 2], "1 members [1], expected 2 [1,2]"],
    [{ a: 1, extra: 1 }, { a: 1 }, "extra: got 1, expected undefined"],
    [
      new Date(1),
      new Date(2),
      'got "1970-01-01T00:00:00.001Z", expected "1970-01-01T00:00:00.002Z"',
    ],
    [[], {}, "got [], expected {}"],
    ["1", 1, 'got "1", expected 1'],
    [null, undefined, "got null, expected undefined"],
  ])("%j is not %j", (actual, expected, message) => {
    check(() => expect.equal(actual, expected)).toThrow(new ConformanceFailure(message));
  });

  test("says what it compared", () => {
    check(() => expect.equal(1, 2, "the count")).toThrow("the count: got 1, expected 2");
  });

  test("shortens what is long", () => {
    check(() => expect.equal("x".repeat(10_000), "")).toThrow(/\(10002 characters\)/);
  });
});

describe("match", () => {
  test("looks at what is named", () => {
    expect.match({ a: 1, extra: 1, deep: [{ b: 1, extra: 1 }] }, { a: 1, deep: [{ b: 1 }] });
  });

  test("a named property that is undefined must be absent", () => {
    check(() => expect.match({ a: 1 }, { a: undefined })).toThrow("a: got 1, expected undefined");
  });

  test("lists have the same length", () => {
    check(() => expect.match([{ a: 1 }], [])).toThrow("1 members");
  });
});

describe("sameMembers", () => {
  test("looks at no order", () => expect.sameMembers([1, { a: 2 }, 3], [3, 1, { a: 2 }]));

  test.each([
    [[1], [1, 1], "1 is missing"],
    [[1, 1], [1], "[1] is not expected"],
    [[2], [1], "1 is missing"],
  ])("%j are not %j", (actual, expected, message) => {
    check(() => expect.sameMembers(actual, expected)).toThrow(message);
  });
});

test("oneOf", () => {
  expect.oneOf({ a: 1 }, [{ a: 2 }, { a: 1 }]);
  check(() => expect.oneOf(3, [1, 2])).toThrow("got 3, expected one of [1,2]");
});

test("ok", () => {
  expect.ok(true, "fine");
  check(() => expect.ok(false, "not fine")).toThrow("not fine");
});

describe("rejects", () => {
  const failure = Object.assign(new Error("no"), { code: "NO", chainId: "1" });

  test("passes for the code and the fields", async () => {
    await expect.rejects(Promise.reject(failure), "NO", { chainId: "1" });
  });

  test("fails for another code, other fields, and a promise that resolves", async () => {
    await check(expect.rejects(Promise.reject(failure), "YES")).rejects.toThrow(
      'rejected with "NO"',
    );
    await check(expect.rejects(Promise.reject(failure), "NO", { chainId: "2" })).rejects.toThrow(
      "error.chainId",
    );
    await check(expect.rejects(Promise.resolve(1), "NO")).rejects.toThrow("resolved with 1");
  });
});
