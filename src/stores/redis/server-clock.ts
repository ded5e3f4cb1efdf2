/**
 * The server's time as the client knows it, from the answers that carry it. Each answer bounds how far the clocks are apart by its
 * round trip; the estimate is moved no further than into these bounds, so slow answers do not spoil it.
 */
export class ServerClock {
  readonly #local: () => number;
  #ahead = 0;
  #known = false;

  /** @param local the client's clock, milliseconds since the epoch */
  constructor(local: () => number) {
    this.#local = local;
  }

  /** The client's clock. */
  local(): number {
    return this.#local();
  }

  /** What the server's clock shows now, about. */
  now(): number {
    return Math.floor(this.#local() + this.#ahead);
  }

  /** @param sentAt when the command was sent, by the client's clock */
  learn(serverTime: number, sentAt: number): void {
    // The server's milliseconds are cut off, not rounded.
    const least = serverTime - this.#local();
    const most = Math.max(least, serverTime + 1 - sentAt);
    this.#ahead = this.#known ? Math.min(most, Math.max(least, this.#ahead)) : (least + most) / 2;
    this.#known = true;
  }
}
