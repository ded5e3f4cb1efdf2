/**
 * The server's time as the client knows it from the answers that carry it. Each answer bounds the difference
 * between the clocks by its round trip; the estimate moves only as far as into these bounds, so slow answers
 * do not spoil it.
 */
export class ServerClock {
  readonly #local: () => number;
  #ahead = 0;
  #isKnown = false;

  /** @param local the client's clock, milliseconds since the epoch */
  constructor(local: () => number) {
    this.#local = local;
  }

  /** Returns the client's time. */
  local(): number {
    return this.#local();
  }

  /** Estimates the server's time. */
  now(): number {
    return Math.floor(this.#local() + this.#ahead);
  }

  /** Learns from an answer. @param sentAt when the command was sent, by the client's clock */
  learn(serverTime: number, sentAt: number): void {
    // The server truncates to milliseconds.
    const least = serverTime - this.#local();
    const most = Math.max(least, serverTime + 1 - sentAt);
    this.#ahead = this.#isKnown ? Math.min(most, Math.max(least, this.#ahead)) : (least + most) / 2;
    this.#isKnown = true;
  }
}
