import { describe, expect, test } from "vitest";
import { OptionInvalidError } from "../errors/value-errors.ts";
import { formatUuidV7 } from "./ids.ts";
import { checkChainId, checkNumber, checkPriority, checkText, defaultPriority } from "./options.ts";

describe("a priority", () => {
  test("is 0 to 9, and the default where none is given", () => {
    for (let priority = 0; priority <= 9; priority++)
      expect(checkPriority(priority)).toBe(priority);
    expect(checkPriority(undefined)).toBe(defaultPriority);
  });

  test.each([-1, 10, 1.5, Number.NaN, "5", null])("is not %j", (priority) => {
    expect(() => checkPriority(priority as number)).toThrow(OptionInvalidError);
  });
});

describe("text", () => {
  test.each(["a", "ten letter", "日本語", "\u{1f600}"])("may be %j", (text) => {
    expect(checkText(text, "key", 10)).toBe(text);
  });

  test.each(["", "eleven char", "a\u0000b", "\ud800", "\udc00\ud800", 5, undefined])(
    "E1: is not %j",
    (text) => {
      expect(() => checkText(text, "key", 10)).toThrow(OptionInvalidError);
      expect(() => checkText(text, "key", 10)).toThrow(/^key /);
    },
  );
});

describe("a chain id of the caller's", () => {
  test("is a UUIDv7", () => {
    const chainId = formatUuidV7(1, 2, new Uint8Array(10));
    expect(checkChainId(chainId)).toBe(chainId);
  });

  test.each(["", "my-id", "017f22e2-79b0-4cc3-98c4-dc0c0c07398f", undefined, 7])(
    "is not %j",
    (chainId) => {
      expect(() => checkChainId(chainId)).toThrow(OptionInvalidError);
    },
  );
});

describe("a number", () => {
  test("is within its range, bounds included", () => {
    expect(checkNumber(0, "n", { min: 0, max: 2 })).toBe(0);
    expect(checkNumber(1.5, "n", { min: 0, max: 2 })).toBe(1.5);
    expect(checkNumber(2, "n", { min: 0, max: 2, isWhole: true })).toBe(2);
    expect(checkNumber(Number.POSITIVE_INFINITY, "n", { min: 1, isWhole: true })).toBe(
      Number.POSITIVE_INFINITY,
    );
  });

  test.each([
    { value: -1, range: { min: 0 } },
    { value: 3, range: { min: 0, max: 2 } },
    { value: Number.POSITIVE_INFINITY, range: { min: 0, max: 2 } },
    { value: 1.5, range: { min: 0, isWhole: true } },
    { value: Number.NaN, range: { min: 0 } },
    { value: "1" as unknown as number, range: { min: 0 } },
  ])("is not $value in $range", ({ value, range }) => {
    expect(() => checkNumber(value, "n", range)).toThrow(OptionInvalidError);
  });
});
