/** Pieces remembered at once. */
const ENTRIES = 1 << 12;

/** Bytes of the longest piece that is remembered: 0.3 MB in all. */
const LONGEST = 64;

/**
 * How many tokens the pieces seen last became: words that are not one token come again and again. Each piece has one
 * place, by its hash, and the newer displaces the older, so it needs neither an order of use nor a bound to keep.
 */
export class PieceCache {
  readonly #bytes = new Uint8Array(ENTRIES * LONGEST);
  readonly #lengths = new Uint8Array(ENTRIES);
  readonly #tokens = new Uint8Array(ENTRIES);

  /** The tokens of the piece `bytes[0, length)`, 0 where it is not remembered. */
  get(bytes: Uint8Array, length: number, hash: number): number {
    const entry = place(hash);
    if (this.#lengths[entry] !== length) return 0;
    for (let at = 0, kept = entry * LONGEST; at < length; at++, kept++)
      if (this.#bytes[kept] !== bytes[at]) return 0;
    return this.#tokens[entry] ?? 0;
  }

  set(bytes: Uint8Array, length: number, hash: number, tokens: number): void {
    if (length > LONGEST) return;
    const entry = place(hash);
    this.#lengths[entry] = length;
    this.#tokens[entry] = tokens;
    for (let at = 0, kept = entry * LONGEST; at < length; at++, kept++) this.#bytes[kept] = bytes[at] ?? 0;
  }
}

function place(hash: number): number {
  return (hash ^ (hash >>> 16)) & (ENTRIES - 1);
}
