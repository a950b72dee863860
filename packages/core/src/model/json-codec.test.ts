import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runInNewContext } from "node:vm";
import { ValueNotJsonError, ValueUnreadableError } from "../errors/value-errors.ts";
import { decodeJson, encodeJson } from "./json-codec.ts";

function refusalOf(value: unknown): unknown {
  try {
    return encodeJson(value, "The input");
  } catch (error) {
    return error;
  }
}

/** Strings of any UTF-16 units: NUL, lone surrogates and all. */
const anyText = fc
  .array(fc.nat({ max: 0xffff }), { maxLength: 8 })
  .map((units) => String.fromCharCode(...units));
const anyJson = fc.jsonValue({ stringUnit: "binary" });

describe("JSON text of a value", () => {
  test("gives back the value", () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        // JSON has one zero.
        const expected = JSON.parse(JSON.stringify(value)) as unknown;
        expect(decodeJson(encodeJson(value, "The input"), "The input")).toEqual(expected);
      }),
    );
  });

  test("E1: carries any string, in values and keys, without NUL or half a surrogate pair in the text", () => {
    fc.assert(
      fc.property(anyText, anyText, (key, text) => {
        const encoded = encodeJson({ [`k${key}`]: text }, "The input")!;
        expect(decodeJson(encoded, "The input")).toEqual({ [`k${key}`]: text });
        expect(encoded).not.toContain("\u0000");
        expect(encoded).not.toMatch(/\p{Surrogate}/u);
      }),
    );
  });

  test("is absent where the value is", () => {
    expect(encodeJson(undefined, "The input")).toBeUndefined();
    expect(decodeJson(undefined, "The input")).toBeUndefined();
  });

  test("E3: leaves out properties that are undefined, and keeps __proto__ as a property", () => {
    expect(encodeJson({ a: undefined, b: 1 }, "The input")).toBe('{"b":1}');
    const value = JSON.parse('{"__proto__":{"a":1}}') as unknown;
    expect(encodeJson(value, "The input")).toBe('{"__proto__":{"a":1}}');
  });

  test("takes plain objects of other realms and without a prototype, and one object in two places", () => {
    const shared = { a: 1 };
    expect(encodeJson(runInNewContext("({ a: [1] })"), "The input")).toBe('{"a":[1]}');
    expect(encodeJson(Object.assign(Object.create(null) as object, { a: 1 }), "The input")).toBe(
      '{"a":1}',
    );
    expect(encodeJson([shared, shared], "The input")).toBe('[{"a":1},{"a":1}]');
  });

  class Order {
    readonly id = 1;
  }
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;

  test.each([
    [Number.NaN, "", "NaN"],
    [{ a: [1, Number.POSITIVE_INFINITY] }, "a.1", "Infinity"],
    [{ a: { b: 1n } }, "a.b", "bigint"],
    [[undefined], "0", "undefined"],
    // oxlint-disable-next-line no-sparse-arrays -- A hole reads as undefined, which JSON would turn into null.
    [[1, , 2], "1", "undefined"],
    [{ a: Symbol("s") }, "a", "symbol"],
    [() => {}, "", "function"],
    [{ at: new Date(0) }, "at", "Date"],
    [new Order(), "", "Order"],
    [new (class extends Map {})(), "", "class"],
    [Object.create({ constructor: undefined }) as object, "", "class"],
    [{ toJSON: () => 1 }, "", "toJSON"],
    [cycle, "self", "itself"],
  ] as const)("E3: refuses %s", (value, path, word) => {
    const refusal = refusalOf(value);
    expect(refusal).toBeInstanceOf(ValueNotJsonError);
    expect(refusal).toMatchObject({
      path,
      message: expect.stringMatching(new RegExp(`^The input.*${word}`)),
    });
  });

  test("D5: that is none is told apart from what the value says", () => {
    expect(() => decodeJson("{", "The input")).toThrow(ValueUnreadableError);
  });
});
