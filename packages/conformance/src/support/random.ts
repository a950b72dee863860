/** Chance that a seed repeats. */
export interface SeededRandom {
  /** A number in [0, 1). */
  fraction(): number;
  /** A whole number from 0 up to, but not including, `limit`. */
  integer(limit: number): number;
  /** One of the values; the list is not empty. */
  pick<TValue>(values: readonly TValue[]): TValue;
  /** The values in another order. */
  shuffle<TValue>(values: readonly TValue[]): TValue[];
  bytes(length: number): Uint8Array;
}

/** Mulberry32: small, quick, and equal on every platform. */
export function createSeededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const integer = (limit: number): number => Math.floor(fraction() * limit);
  return {
    fraction,
    integer,
    pick: (values) => values[integer(values.length)]!,
    shuffle(values) {
      const shuffled = [...values];
      for (let index = shuffled.length - 1; index > 0; index--) {
        const other = integer(index + 1);
        [shuffled[index], shuffled[other]] = [shuffled[other]!, shuffled[index]!];
      }
      return shuffled;
    },
    bytes: (length) => Uint8Array.from({ length }, () => integer(256)),
  };
}

/** A number from a text, for seeds that belong to a name (FNV-1a). */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
