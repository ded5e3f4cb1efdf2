/**
 * A map that forgets: it keeps at least the last `capacity` entries that were set, and never more than twice
 * as many.
 *
 * It has two generations and no order of use: deleting the oldest entry of a `Map` passes over all that were
 * deleted before it, which takes microseconds once thousands have come and gone.
 */
export class BoundedMap<K, V> {
  readonly #capacity: number;
  readonly #weightOf: (key: K) => number;
  #young = new Map<K, V>();
  #old = new Map<K, V>();
  /** The weight of the young generation. */
  #weight = 0;

  /** @param weightOf how much of the capacity an entry takes; default: 1 */
  constructor(capacity: number, weightOf: (key: K) => number = () => 1) {
    this.#capacity = capacity;
    this.#weightOf = weightOf;
  }

  get(key: K): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  has(key: K): boolean {
    return this.#young.has(key) || this.#old.has(key);
  }

  /** Sets an entry, which makes it the latest. */
  set(key: K, value: V): void {
    if (!this.#young.has(key)) this.#weight += this.#weightOf(key);
    this.#young.set(key, value);
    if (this.#weight < this.#capacity) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#weight = 0;
  }

  delete(key: K): void {
    if (this.#young.delete(key)) this.#weight -= this.#weightOf(key);
    this.#old.delete(key);
  }

  /** Yields each entry once. */
  *[Symbol.iterator](): Generator<[K, V]> {
    for (const entry of this.#old) if (!this.#young.has(entry[0])) yield entry;
    yield* this.#young;
  }

  /** Returns the value of an entry and deletes it. */
  take(key: K): V | undefined {
    const value = this.get(key);
    this.delete(key);
    return value;
  }
}

/** Recognizes the first occurrence of each name; keeps a bounded number of names and forgets the oldest. */
export class SeenOnce {
  readonly #seen: BoundedMap<string, true>;

  /** @param capacity how many names are kept at least */
  constructor(capacity = 1_000) {
    this.#seen = new BoundedMap(capacity);
  }

  /** Whether a name occurs for the first time; false from then on. */
  isNew(name: string): boolean {
    if (this.#seen.has(name)) return false;
    this.#seen.set(name, true);
    return true;
  }
}
