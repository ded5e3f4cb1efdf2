/**
 * Caches the tokens of recent pieces: words that are more than one token occur again and again. Each piece
 * has one place, by its hash, and a newer piece displaces an older one, so there is no order of use and no
 * growth.
 */
export class PieceCache {
  readonly #longest: number;
  readonly #mask: number;
  readonly #bytes: Uint8Array;
  readonly #lengths: Uint16Array;
  readonly #tokens: Uint16Array;

  /**
   * @param entries the number of places, a power of two
   * @param longest bytes of the longest piece that is cached
   */
  constructor(entries: number, longest: number) {
    this.#longest = longest;
    this.#mask = entries - 1;
    this.#bytes = new Uint8Array(entries * longest);
    this.#lengths = new Uint16Array(entries);
    this.#tokens = new Uint16Array(entries);
  }

  /** Returns the tokens of the piece `bytes[0, length)`; 0 if it is not cached. */
  get(bytes: Uint8Array, length: number, hash: number): number {
    const entry = this.#place(hash);
    if (this.#lengths[entry] !== length) return 0;
    for (let at = 0, kept = entry * this.#longest; at < length; at++, kept++)
      if (this.#bytes[kept] !== bytes[at]) return 0;
    return this.#tokens[entry] ?? 0;
  }

  /** Caches the tokens of the piece `bytes[0, length)`. */
  set(bytes: Uint8Array, length: number, hash: number, tokens: number): void {
    if (length > this.#longest) return;
    const entry = this.#place(hash);
    this.#lengths[entry] = length;
    this.#tokens[entry] = tokens;
    for (let at = 0, kept = entry * this.#longest; at < length; at++, kept++)
      this.#bytes[kept] = bytes[at] ?? 0;
  }

  #place(hash: number): number {
    return (hash ^ (hash >>> 16)) & this.#mask;
  }
}
