const PERIOD_MS = 1_000;

/** Measures calls per second: the higher count of the current second and the one before. */
export class CallRate {
  #periodStart = 0;
  #previous = 0;
  #current = 0;

  /** Counts a call. @param now by the local clock, milliseconds */
  count(now: number): void {
    this.#advance(now);
    this.#current += 1;
  }

  /** Returns the calls per second. @param now by the local clock, milliseconds */
  perSecond(now: number): number {
    this.#advance(now);
    return Math.max(this.#previous, this.#current);
  }

  #advance(now: number): void {
    const passed = now - this.#periodStart;
    if (passed < PERIOD_MS) return;
    this.#previous = passed < 2 * PERIOD_MS ? this.#current : 0;
    this.#current = 0;
    this.#periodStart = now;
  }
}
