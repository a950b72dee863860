/** Where chance comes from: ids and jitter. A simulation gives a seeded one. */
export interface Chance {
  /** Random bytes, unguessable in production. */
  bytes(length: number): Uint8Array;
  /** A number in [0, 1). */
  fraction(): number;
}

/** The platform's own chance. */
export const systemChance: Chance = {
  bytes: pooledBytes(),
  fraction: () => Math.random(),
};

/** Draws for many at once: by itself a draw of 8 bytes, as each id takes, was thirty times dearer. No byte is given out twice. */
function pooledBytes(): (length: number) => Uint8Array {
  const pool = new Uint8Array(2_048);
  let used = pool.length;
  return (length) => {
    if (length > pool.length) return crypto.getRandomValues(new Uint8Array(length));
    if (used + length > pool.length) {
      crypto.getRandomValues(pool);
      used = 0;
    }
    return pool.slice(used, (used += length));
  };
}
