/** Where chance comes from: ids and jitter. A simulation gives a seeded one. */
export interface Chance {
  /** Random bytes, unguessable in production. */
  bytes(length: number): Uint8Array;
  /** A number in [0, 1). */
  fraction(): number;
}

/** The platform's own chance. */
export const systemChance: Chance = {
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  fraction: () => Math.random(),
};
