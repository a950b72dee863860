import { createSeededChance, type Chance } from "queuert/testing";

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
  /** Another random that depends on this one's seed and draws alone. */
  fork(): Random;
}

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
    fork: () => createRandom(between(0, 2 ** 32 - 1)),
  };
}
