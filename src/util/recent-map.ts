/**
 * A map that forgets: it holds the last `least` entries that were set, and never more than twice as many.
 *
 * Two generations and no order of use: to delete the oldest entry of a `Map` passes over all that were deleted before it, which
 * takes microseconds once thousands have come and gone.
 */
export class RecentMap<K, V> {
  readonly #least: number;
  #young = new Map<K, V>();
  #old = new Map<K, V>();

  constructor(least: number) {
    this.#least = least;
  }

  get(key: K): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  has(key: K): boolean {
    return this.#young.has(key) || this.#old.has(key);
  }

  set(key: K, value: V): void {
    this.#young.set(key, value);
    if (this.#young.size < this.#least) return;
    this.#old = this.#young;
    this.#young = new Map();
  }
}
