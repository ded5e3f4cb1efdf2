/**
 * Time that passed, milliseconds: by the clock that counts on, or by the one on the wall where that went further, since the first stands
 * still while a machine sleeps. A lease is rather thought over too early than too late.
 */
export class ElapsedClock {
  readonly #steady = performance.now();
  readonly #wall = Date.now();

  now(): number {
    return Math.max(performance.now() - this.#steady, Date.now() - this.#wall);
  }
}
