const SPAN_MS = 1_000;

/** How many calls come in a second, by the present second or the one before, whichever had more. */
export class CallRate {
  #since = 0;
  #before = 0;
  #present = 0;

  /** Counts a call. @param now by the local clock, milliseconds */
  count(now: number): void {
    this.#turn(now);
    this.#present += 1;
  }

  perSecond(now: number): number {
    this.#turn(now);
    return Math.max(this.#before, this.#present);
  }

  #turn(now: number): void {
    const passed = now - this.#since;
    if (passed < SPAN_MS) return;
    this.#before = passed < 2 * SPAN_MS ? this.#present : 0;
    this.#present = 0;
    this.#since = now;
  }
}
