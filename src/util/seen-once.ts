import { BoundedMap } from './bounded-map.ts';

/** Tells what comes for the first time, of a bounded number; the oldest are forgotten first. */
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
