/**
 * A list that keeps the last `size` entries, and never more than twice as many: the oldest are dropped in one
 * step, since removing them one by one moves all others each time.
 */
export class RecentList<T> {
  readonly #size: number;
  #entries: T[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  /** Adds an entry. */
  push(entry: T): void {
    this.#entries.push(entry);
    if (this.#entries.length >= 2 * this.#size) this.#entries = this.#entries.slice(-this.#size);
  }

  /** The latest entry that satisfies `predicate`; undefined if none does. */
  findLast(predicate: (entry: T) => boolean): T | undefined {
    return this.#entries.findLast(predicate);
  }
}
