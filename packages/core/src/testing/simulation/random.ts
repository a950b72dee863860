import type { Chance } from "../../ports/chance.ts";
import { createSeededChance } from "../seeded-chance.ts";

/** Seeded choices. */
export interface Random extends Chance {
  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number;
  /** True with this probability. */
  isTrue(probability: number): boolean;
  /** Throws for an empty list. */
  pick<TItem>(items: readonly TItem[]): TItem;
  /** Picks a key by its weight. */
  weighted<TKey extends string>(weights: Readonly<Record<TKey, number>>): TKey;
  /**
   * Another random that draws alone. With a name, it follows from this one's seed and the name, whatever was drawn before: what is drawn for one
   * thing then stays as it is when another thing is left out.
   */
  fork(name?: string): Random;
}

/** Makes choices that repeat: the same seed gives the same sequence. `seed`: a whole number. */
export function createRandom(seed: number): Random {
  const chance = createSeededChance(seed);
  const between = (min: number, max: number): number =>
    min + Math.floor(chance.fraction() * (max - min + 1));
  return {
    ...chance,
    between,
    isTrue: (probability) => chance.fraction() < probability,
    pick: (items) => {
      if (items.length === 0) throw new Error("invariant: something to pick from");
      return items[between(0, items.length - 1)]!;
    },
    weighted: <TKey extends string>(weights: Readonly<Record<TKey, number>>): TKey => {
      const entries = Object.entries(weights) as [TKey, number][];
      let left = chance.fraction() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [key, weight] of entries) if ((left -= weight) < 0) return key;
      return entries.at(-1)![0];
    },
    fork: (name) =>
      createRandom(name === undefined ? between(0, 2 ** 32 - 1) : hashText(name, seed)),
  };
}

/** FNV-1a, going on from `start`: 32 bits that differ wherever the text does, well enough. */
export function hashText(text: string, start: number = 0): number {
  let hash = start ^ 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
