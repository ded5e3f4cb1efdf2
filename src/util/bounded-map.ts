/** A map of a bounded number of entries: for one more, the one that was set first is forgotten. */
export class BoundedMap<K, V> {
  readonly #most: number;
  readonly #entries = new Map<K, V>();

  constructor(most: number) {
    this.#most = most;
  }

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  set(key: K, value: V): void {
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#most) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }

  delete(key: K): void {
    this.#entries.delete(key);
  }

  /** The entry's value, which is forgotten by it. */
  take(key: K): V | undefined {
    const value = this.#entries.get(key);
    this.#entries.delete(key);
    return value;
  }
}

/** Tells what comes for the first time, of a bounded number of names; the oldest are forgotten first. */
export class SeenOnce {
  readonly #seen: BoundedMap<string, true>;

  constructor(size = 1_000) {
    this.#seen = new BoundedMap(size);
  }

  /** True the first time that it is asked of a name. */
  isNew(name: string): boolean {
    if (this.#seen.has(name)) return false;
    this.#seen.set(name, true);
    return true;
  }
}
