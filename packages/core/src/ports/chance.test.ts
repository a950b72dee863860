import { expect, it } from "vitest";

import { systemChance } from "./chance.ts";

it("gives out no byte twice, and changes nothing that it has given out", () => {
  const draws = Array.from({ length: 10_000 }, () => systemChance.bytes(8));
  const texts = draws.map((bytes) => bytes.join());
  expect(new Set(texts).size).toBe(draws.length);
  systemChance.bytes(2_048);
  expect(draws.map((bytes) => bytes.join())).toEqual(texts);
});

it.each([0, 1, 8, 2_047, 2_048, 2_049, 65_536])("gives %i bytes", (length) => {
  const bytes = systemChance.bytes(length);
  expect(bytes).toHaveLength(length);
  expect(new Set(bytes).size).toBeGreaterThan(Math.min(length, 100) / 2 - 1);
});
