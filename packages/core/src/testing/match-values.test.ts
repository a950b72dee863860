import { describe, expect, it } from "vitest";
import { isEqual, isMatch, showValue } from "./match-values.ts";

describe("isEqual and isMatch", () => {
  it.each([
    ["numbers", 1, 1, 2],
    ["strings", "a", "a", "b"],
    ["null", null, null, undefined],
    ["arrays", [1, [2]], [1, [2]], [1, [3]]],
    ["shorter arrays", [1, 2], [1, 2], [1]],
    ["objects", { a: { b: 1 } }, { a: { b: 1 } }, { a: { b: 2 } }],
    ["an object and an array", { 0: 1 }, { 0: 1 }, [1]],
    ["dates", new Date(1), new Date(1), new Date(2)],
    ["absent and undefined properties", { a: 1, b: undefined }, { a: 1 }, { a: undefined }],
    ["zeros", 0, -0, 1],
  ])("tell %s apart", (_, value, same, other) => {
    expect([isEqual(value, same), isMatch(value, same)]).toEqual([true, true]);
    expect([isEqual(value, other), isMatch(value, other)]).toEqual([false, false]);
  });

  it("differ where there is more than was asked for", () => {
    const value = { order: { id: 1, cents: 5 }, tags: ["a"] };
    expect(isMatch(value, { order: { id: 1 } })).toBe(true);
    expect(isEqual(value, { order: { id: 1 } })).toBe(false);
    expect(isMatch(value, { order: { id: 1, name: "x" } })).toBe(false);
  });
});

describe("showValue", () => {
  it("shows JSON on one line, and not too much of it", () => {
    expect(showValue({ a: [1] })).toBe('{"a":[1]}');
    expect(showValue(undefined)).toBe("undefined");
    expect(showValue("x".repeat(1_000))).toHaveLength(501);
  });
});
