import type { Chance } from "../ports/chance.ts";

/**
 * Makes a chance that repeats: the same seed gives the same sequence, on every platform. For tests only, since whoever knows the seed
 * knows the ids. `seed`: a whole number. Default 1.
 */
export function createSeededChance(seed: number = 1): Chance {
  // Mulberry32: one state word, a full period of 2^32, and good enough for ids and jitter in a test.
  let state = seed >>> 0;
  const nextWord = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return (word ^ (word >>> 14)) >>> 0;
  };
  return {
    bytes: (length) => Uint8Array.from({ length }, () => nextWord() & 0xff),
    fraction: () => nextWord() / 2 ** 32,
  };
}
