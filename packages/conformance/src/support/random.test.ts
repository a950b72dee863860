import { expect, test } from "vitest";

import { createSeededRandom, hashText } from "./random.ts";

test("a seed repeats its numbers, and another has others", () => {
  const numbersOf = (seed: number): number[] => {
    const random = createSeededRandom(seed);
    return Array.from({ length: 50 }, () => random.fraction());
  };
  expect(numbersOf(7)).toEqual(numbersOf(7));
  expect(numbersOf(7)).not.toEqual(numbersOf(8));
  expect(numbersOf(7).every((number) => number >= 0 && number < 1)).toBe(true);
});

test("integers stay in their range and reach its ends", () => {
  const random = createSeededRandom(1);
  const found = new Set(Array.from({ length: 1_000 }, () => random.integer(5)));
  expect([...found].toSorted((left, right) => left - right)).toEqual([0, 1, 2, 3, 4]);
});

test("shuffle keeps the members and leaves the list alone", () => {
  const values = Array.from({ length: 30 }, (_, index) => index);
  const shuffled = createSeededRandom(3).shuffle(values);
  expect(shuffled).not.toEqual(values);
  expect(shuffled.toSorted((left, right) => left - right)).toEqual(values);
});

test("texts hash apart", () => {
  expect(hashText("a")).not.toBe(hashText("b"));
  expect(hashText("a")).toBe(hashText("a"));
});
