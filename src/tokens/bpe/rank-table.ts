/** The base of the polynomial hash. */
export const HASH_BASE = 0x01000193;

/** Extends a hash by one byte: a polynomial modulo 2^32, so that hashes of prefixes give those of slices. */
export function hashByte(hash: number, byte: number): number {
  return (Math.imul(hash, HASH_BASE) + byte + 1) | 0;
}

/** The ranks of an encoding as js-tiktoken publishes them (`js-tiktoken/ranks/*`). */
export interface Ranks {
  readonly pat_str: string;
  readonly bpe_ranks: string;
}

const BASE64 = new Int8Array(128).fill(-1);
for (const [value, char] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries())
  BASE64[char.charCodeAt(0)] = value;

const EQUALS = 61;

/**
 * The vocabulary of an encoding: which byte strings are tokens, and in which order they merge.
 *
 * Three typed arrays hold what a map of 200,000 strings would: the bytes of all tokens one after another,
 * where each begins, and an open-addressing hash table of token numbers. o200k_base takes 4.3 MB.
 */
export class RankTable {
  /** Bytes of the longest token. */
  readonly longest: number;
  readonly #bytes: Uint8Array;
  readonly #starts: Uint32Array;
  readonly #slots: Int32Array;
  readonly #mask: number;

  /**
   * @param source `bpe_ranks`: lines of `! <rank of the first> <token> <token> …`, tokens in base64, ranks
   * ascending. Only the order of ranks matters to merging, so a token's number here is its position in the
   * source.
   */
  constructor(source: string) {
    const { bytes, starts, hashes } = parse(source);
    const tokens = hashes.length;
    const size = 2 ** Math.ceil(Math.log2(tokens * 2));
    const mask = size - 1;
    const slots = new Int32Array(size);
    let longest = 0;
    for (let token = 0; token < tokens; token++) {
      let slot = mixHash(hashes[token] ?? 0) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = token + 1;
      longest = Math.max(longest, (starts[token + 1] ?? 0) - (starts[token] ?? 0));
    }
    this.longest = longest;
    this.#bytes = bytes;
    this.#starts = starts;
    this.#slots = slots;
    this.#mask = mask;
  }

  /**
   * Returns the rank of the token `bytes[start, end)`, whose hash the caller knows; -1 if it is not a token.
   */
  find(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const length = end - start;
    for (let slot = mixHash(hash) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const token = (this.#slots[slot] ?? 0) - 1;
      if (token < 0) return -1;
      const first = this.#starts[token] ?? 0;
      if ((this.#starts[token + 1] ?? 0) - first !== length) continue;
      let same = 0;
      while (same < length && this.#bytes[first + same] === bytes[start + same]) same++;
      if (same === length) return token;
    }
  }
}

/** The low bits of the polynomial depend only on the low bits of the bytes: mixes the high ones in. */
function mixHash(hash: number): number {
  return hash ^ (hash >>> 15);
}

/** Decodes all tokens into one array, with the start and the hash of each. */
function parse(source: string): { bytes: Uint8Array; starts: Uint32Array; hashes: Int32Array } {
  // A token takes at least 5 characters of the source, 4 of base64 and a space, and its bytes at most 3 in 4
  // of them.
  const starts = new Uint32Array(Math.ceil(source.length / 5) + 2);
  const hashes = new Int32Array(starts.length);
  const bytes = new Uint8Array(Math.ceil((source.length * 3) / 4));
  let tokens = 0;
  let end = 0;
  for (const line of source.split('\n')) {
    // The head, `! 0`, is not a token.
    let at = line.indexOf(' ', 2) + 1;
    while (at > 0 && at < line.length) {
      let hash = 0;
      let bits = 0;
      let held = 0;
      starts[tokens] = end;
      for (; at < line.length; at++) {
        const value = BASE64[line.charCodeAt(at)] ?? -1;
        if (value < 0) break;
        held = (held << 6) | value;
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        const byte = (held >> bits) & 0xff;
        bytes[end++] = byte;
        hash = hashByte(hash, byte);
      }
      hashes[tokens++] = hash;
      while (line.charCodeAt(at) === EQUALS) at++;
      at++;
    }
  }
  starts[tokens] = end;
  return { bytes: bytes.slice(0, end), starts: starts.slice(0, tokens + 1), hashes: hashes.slice(0, tokens) };
}
