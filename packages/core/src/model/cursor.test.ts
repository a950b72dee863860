import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CursorInvalidError } from "../errors/value-errors.ts";
import { decodeCursor, encodeCursor, type CursorList } from "./cursor.ts";

const lists: readonly CursorList[] = [
  "chains:newest",
  "chains:oldest",
  "jobs:newest",
  "jobs:oldest",
];
const anyKey = fc.record({
  chainId: fc.oneof(
    fc.uuid({ version: 7 }),
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom("\ud800", "a", "\u0000", "é", "日") }),
  ),
  chainIndex: fc.nat(),
});

describe("a cursor", () => {
  test("gives back the key it was made of", () => {
    fc.assert(
      fc.property(fc.constantFrom(...lists), anyKey, (list, key) => {
        expect(decodeCursor(list, encodeCursor(list, key))).toEqual(key);
      }),
    );
  });

  test("is safe in a URL", () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        expect(encodeCursor("jobs:newest", key)).toMatch(/^[\w-]+$/);
      }),
    );
  });

  test("is refused by every other list", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...lists),
        fc.constantFrom(...lists),
        anyKey,
        (made, read, key) => {
          fc.pre(made !== read);
          expect(() => decodeCursor(read, encodeCursor(made, key))).toThrow(CursorInvalidError);
        },
      ),
    );
  });

  test("is refused when a character was changed, added or lost", () => {
    const letter = fc.constantFrom(...Array.from("ABYZabyz0189-_=+/. é"));
    fc.assert(
      fc.property(
        anyKey,
        fc.nat(),
        letter,
        fc.constantFrom("change", "insert", "remove"),
        (key, place, other, how) => {
          const cursor = encodeCursor("chains:newest", key);
          const at = place % cursor.length;
          const changed =
            cursor.slice(0, at) +
            (how === "remove" ? "" : other) +
            cursor.slice(how === "insert" ? at : at + 1);
          fc.pre(changed !== cursor);
          expect(() => decodeCursor("chains:newest", changed)).toThrow(CursorInvalidError);
        },
      ),
    );
  });

  test.each(["", "x", "not a cursor", "bnVsbA", 5, null, undefined])("refuses %j", (cursor) => {
    expect(() => decodeCursor("chains:newest", cursor)).toThrow(CursorInvalidError);
  });
});
