/** Tells what comes for the first time, of a bounded number; the oldest are forgotten first. */
export class SeenOnce {
  readonly #size: number;
  readonly #seen = new Set<string>();

  constructor(size = 1_000) {
    this.#size = size;
  }

  /** True the first time that it is asked of a name. */
  isNew(name: string): boolean {
    if (this.#seen.has(name)) return false;
    this.#seen.add(name);
    const [oldest] = this.#seen.size > this.#size ? this.#seen : [];
    if (oldest !== undefined) this.#seen.delete(oldest);
    return true;
  }
}
