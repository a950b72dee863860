import { describe, expect, it } from "vitest";
import { createSeededChance } from "./seeded-chance.ts";

describe("createSeededChance", () => {
  it("repeats itself for a seed and differs between seeds", () => {
    const draw = (seed: number): readonly unknown[] => {
      const chance = createSeededChance(seed);
      return [chance.fraction(), [...chance.bytes(4)], chance.fraction()];
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  it("spreads evenly over [0, 1)", () => {
    const chance = createSeededChance(3);
    const counts = Array.from({ length: 10 }, () => 0);
    for (let index = 0; index < 10_000; index++) counts[Math.floor(chance.fraction() * 10)]! += 1;
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1_150);
  });
});
