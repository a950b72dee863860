const bucketSizeMax = 256;

/**
 * Entries in the order of `compare`, kept in buckets: adding and deleting moves the entries of one bucket, never the whole, and a walk
 * may start anywhere. Two entries that compare as 0 are one.
 */
export class OrderedSet<TEntry> {
  readonly #compare: (left: TEntry, right: TEntry) => number;
  /** Never empty ones. */
  readonly #buckets: TEntry[][] = [];
  #size = 0;

  constructor(compare: (left: TEntry, right: TEntry) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#size;
  }

  /** Adds an entry, or puts it in the place of its equal. */
  add(entry: TEntry): void {
    const at = this.#bucketOf(entry);
    const bucket = this.#buckets[at];
    if (bucket === undefined) {
      this.#append(entry);
      return;
    }
    const place = this.#placeIn(bucket, entry);
    const isEqual = place < bucket.length && this.#compare(bucket[place]!, entry) === 0;
    bucket.splice(place, isEqual ? 1 : 0, entry);
    if (!isEqual) this.#size++;
    if (bucket.length > bucketSizeMax)
      this.#buckets.splice(at + 1, 0, bucket.splice(bucketSizeMax / 2));
  }

  /** Deletes the entry that compares as 0; false where there is none. */
  delete(entry: TEntry): boolean {
    const at = this.#bucketOf(entry);
    const bucket = this.#buckets[at];
    if (bucket === undefined) return false;
    const place = this.#placeIn(bucket, entry);
    if (this.#compare(bucket[place]!, entry) !== 0) return false;
    bucket.splice(place, 1);
    if (bucket.length === 0) this.#buckets.splice(at, 1);
    this.#size--;
    return true;
  }

  first(): TEntry | undefined {
    return this.#buckets[0]?.[0];
  }

  /** Walks upwards, past the entries that `isBefore` names; it must name a beginning of the order. Nothing may be written meanwhile. */
  *ascending(isBefore: (entry: TEntry) => boolean = () => false): Generator<TEntry, void> {
    let at = lowerBound(this.#buckets, (bucket) => isBefore(bucket.at(-1)!));
    let place = at < this.#buckets.length ? lowerBound(this.#buckets[at]!, isBefore) : 0;
    for (; at < this.#buckets.length; at++, place = 0) {
      const bucket = this.#buckets[at]!;
      for (; place < bucket.length; place++) yield bucket[place]!;
    }
  }

  /** Walks downwards, past the entries that `isAfter` names; it must name an end of the order. Nothing may be written meanwhile. */
  *descending(isAfter: (entry: TEntry) => boolean = () => false): Generator<TEntry, void> {
    let at = lowerBound(this.#buckets, (bucket) => !isAfter(bucket[0]!)) - 1;
    let place = at >= 0 ? lowerBound(this.#buckets[at]!, (entry) => !isAfter(entry)) - 1 : 0;
    for (; at >= 0; at--, place = (this.#buckets[at]?.length ?? 0) - 1) {
      const bucket = this.#buckets[at]!;
      for (; place >= 0; place--) yield bucket[place]!;
    }
  }

  /** Adds an entry after all others. A full bucket is left full: what mostly grows at its end stays packed. */
  #append(entry: TEntry): void {
    const last = this.#buckets.at(-1);
    if (last !== undefined && last.length < bucketSizeMax) last.push(entry);
    else this.#buckets.push([entry]);
    this.#size++;
  }

  /** The bucket whose last entry is the first not below `entry`; past the end when all are below. */
  #bucketOf(entry: TEntry): number {
    return lowerBound(this.#buckets, (bucket) => this.#compare(bucket.at(-1)!, entry) < 0);
  }

  #placeIn(bucket: readonly TEntry[], entry: TEntry): number {
    return lowerBound(bucket, (other) => this.#compare(other, entry) < 0);
  }
}

/** Adds to the set of a name, made when it is not there. */
export function addTo<TEntry>(
  sets: Map<string, OrderedSet<TEntry>>,
  name: string,
  entry: TEntry,
  compare: (left: TEntry, right: TEntry) => number,
): void {
  let set = sets.get(name);
  if (set === undefined) sets.set(name, (set = new OrderedSet(compare)));
  set.add(entry);
}

/** Deletes from the set of a name, and the set when it is empty: names that are gone leave nothing behind. */
export function deleteFrom<TEntry>(
  sets: Map<string, OrderedSet<TEntry>>,
  name: string,
  entry: TEntry,
): void {
  const set = sets.get(name);
  if (set === undefined) return;
  set.delete(entry);
  if (set.size === 0) sets.delete(name);
}

/** The first entries of a walk that fit, at most `limit`; a list of its own, so that rows may be written while it is walked. */
export function take<TEntry>(
  entries: Iterable<TEntry>,
  limit: number,
  fits: (entry: TEntry) => boolean = () => true,
): TEntry[] {
  const taken: TEntry[] = [];
  if (limit <= 0) return taken;
  for (const entry of entries) {
    if (!fits(entry)) break;
    taken.push(entry);
    if (taken.length >= limit) break;
  }
  return taken;
}

/** The first place whose value is not below, by halving. */
function lowerBound<TValue>(
  values: readonly TValue[],
  isBelow: (value: TValue) => boolean,
): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBelow(values[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
