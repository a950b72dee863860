import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addTo, deleteFrom, OrderedSet } from "./ordered-set.ts";

const compare = (left: number, right: number): number => left - right;

function setOf(entries: Iterable<number>): OrderedSet<number> {
  const set = new OrderedSet<number>(compare);
  for (const entry of entries) set.add(entry);
  return set;
}

/** Beyond a few buckets, so that buckets split and empty. */
const anyEntries = fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 2_000, size: "max" });

describe("an ordered set", () => {
  test("holds what was added and not deleted, in order, whatever came when", () => {
    fc.assert(
      fc.property(anyEntries, anyEntries, anyEntries, (first, deleted, second) => {
        const set = setOf(first);
        const model = new Set(first);
        for (const entry of deleted) expect(set.delete(entry)).toBe(model.delete(entry));
        for (const entry of second) {
          set.add(entry);
          model.add(entry);
        }
        const sorted = [...model].toSorted(compare);
        expect([...set.ascending()]).toEqual(sorted);
        expect([...set.descending()]).toEqual(sorted.toReversed());
        expect(set.size).toBe(sorted.length);
        expect(set.first()).toBe(sorted[0]);
      }),
      { numRuns: 50 },
    );
  });

  test("is walked from any bound, either way", () => {
    fc.assert(
      fc.property(anyEntries, fc.integer({ min: -1, max: 3_001 }), (entries, bound) => {
        const set = setOf(entries);
        const sorted = [...new Set(entries)].toSorted(compare);
        expect([...set.ascending((entry) => entry < bound)]).toEqual(
          sorted.filter((entry) => entry >= bound),
        );
        expect([...set.descending((entry) => entry > bound)]).toEqual(
          sorted.filter((entry) => entry <= bound).toReversed(),
        );
      }),
      { numRuns: 50 },
    );
  });

  test("puts an entry in the place of its equal", () => {
    const set = new OrderedSet<{ readonly key: number; readonly text: string }>(
      (left, right) => left.key - right.key,
    );
    set.add({ key: 1, text: "before" });
    set.add({ key: 1, text: "after" });
    expect([...set.ascending()]).toEqual([{ key: 1, text: "after" }]);
  });

  test("finds its places among 100,000 by halving, and the head at once", () => {
    let comparisonCount = 0;
    const set = new OrderedSet<number>((left, right) => {
      comparisonCount++;
      return left - right;
    });
    for (let entry = 0; entry < 100_000; entry++) set.add(entry * 2);
    const countOf = (act: () => void): number => {
      comparisonCount = 0;
      act();
      return comparisonCount;
    };
    // Twice the binary logarithm of the size: once over the buckets, once in one, and the final look.
    const comparisonCountMax = 36;
    expect(countOf(() => set.add(77_777))).toBeLessThanOrEqual(comparisonCountMax);
    expect(countOf(() => expect(set.delete(77_777)).toBe(true))).toBeLessThanOrEqual(
      comparisonCountMax,
    );
    expect(countOf(() => expect(set.delete(77_777)).toBe(false))).toBeLessThanOrEqual(
      comparisonCountMax,
    );
    expect(countOf(() => expect(set.ascending().next().value).toBe(0))).toBe(0);
  });
});

describe("sets by name", () => {
  test("leave nothing behind when they are empty", () => {
    const sets = new Map<string, OrderedSet<number>>();
    addTo(sets, "a", 1, compare);
    addTo(sets, "a", 2, compare);
    deleteFrom(sets, "a", 1);
    expect([...sets.get("a")!.ascending()]).toEqual([2]);
    deleteFrom(sets, "a", 2);
    deleteFrom(sets, "a", 2);
    expect(sets.size).toBe(0);
  });
});
