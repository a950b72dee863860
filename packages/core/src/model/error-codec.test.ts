import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeError, encodeError, toError } from "./error-codec.ts";

describe("a stored error", () => {
  test("keeps name, message, stack, code and cause", () => {
    const cause = Object.assign(new TypeError("inner"), { code: 42 });
    const error = Object.assign(new Error("outer", { cause }), {
      name: "OuterError",
      code: "E_OUTER",
    });
    const stored = decodeError(encodeError(error));
    expect(stored).toMatchObject({
      name: "OuterError",
      message: "outer",
      code: "E_OUTER",
      cause: { name: "TypeError", message: "inner", code: "42" },
    });
    expect(stored.stack).toContain("error-codec.test.ts");
  });

  test("becomes an Error again", () => {
    const error = toError({
      name: "OuterError",
      message: "outer",
      stack: "at x",
      cause: { name: "TypeError", message: "inner" },
    });
    expect(error).toMatchObject({ name: "OuterError", message: "outer", stack: "at x" });
    expect(error.cause).toMatchObject({ name: "TypeError", message: "inner" });
    expect("cause" in toError({ name: "Error", message: "alone" })).toBe(false);
  });

  test("is made of anything that is thrown, and carries any text (E1)", () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withNullPrototype: true, withSparseArray: true }),
        fc.string({ unit: "binary" }),
        (thrown, text) => {
          expect(typeof decodeError(encodeError(thrown)).message).toBe("string");
          const encoded = encodeError(new Error(text));
          expect(decodeError(encoded).message).toBe(text);
          expect(encoded).not.toContain("\u0000");
          expect(encoded).not.toMatch(/\p{Surrogate}/u);
        },
      ),
    );
  });

  test.each([
    ["text", "text"],
    [undefined, "undefined"],
    [null, "null"],
    [7, "7"],
    [{ reason: "declined" }, '{"reason":"declined"}'],
    [{ toJSON: () => undefined }, "(a value that cannot be shown)"],
    [{ message: 5 }, '{"message":5}'],
    [Symbol("s"), "Symbol(s)"],
    [1n, "1"],
  ])("made of %s, which is no error, says so", (thrown, message) => {
    expect(decodeError(encodeError(thrown))).toEqual({ name: "NonError", message });
  });

  test("is made of objects that will not be read", () => {
    const hostile = {
      name: "Hostile",
      message: "m",
      get stack(): string {
        throw new Error("no");
      },
      get code(): string {
        throw new Error("no");
      },
      cause: {
        toJSON: (): never => {
          throw new Error("no");
        },
      },
    };
    expect(decodeError(encodeError(hostile))).toEqual({
      name: "Hostile",
      message: "m",
      cause: { name: "NonError", message: "(a value that cannot be shown)" },
    });
    const withoutName = Object.assign(new Error("m"), { name: "", stack: undefined, cause: null });
    expect(decodeError(encodeError(withoutName))).toEqual({ name: "NonError", message: "m" });
    expect(decodeError(encodeError(Object.assign(() => {}, { message: "m" })))).toMatchObject({
      message: "m",
    });
  });

  test("made of an object that has a message and no name is no error of its own kind", () => {
    expect(decodeError(encodeError({ message: "m" }))).toEqual({ name: "NonError", message: "m" });
  });

  test("E2: is bounded, however long its parts and however deep its causes", () => {
    let error = new Error("x".repeat(1_000_000));
    for (let depth = 0; depth < 100; depth++) {
      error = Object.assign(new Error("x".repeat(1_000_000), { cause: error }), {
        name: "n".repeat(10_000),
        code: "c".repeat(10_000),
        stack: "s".repeat(1_000_000),
      });
    }
    const encoded = encodeError(error);
    expect(encoded.length).toBeLessThan(100_000);
    expect(decodeError(encoded).message).toMatch(/^x{4000}… \(996000 more characters\)$/);
    const circular = new Error("round");
    circular.cause = circular;
    expect(encodeError(circular).length).toBeLessThan(100_000);
  });

  test.each(["", "plain text", "5", "null", '{"other":1}'])(
    "of other origin becomes the message: %j",
    (text) => {
      expect(decodeError(text)).toEqual({ name: "Error", message: text });
    },
  );
});
