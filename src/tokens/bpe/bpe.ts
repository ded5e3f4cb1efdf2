import { PieceCache } from './piece-cache.ts';
import { HASH_BASE, hashByte, type RankTable } from './rank-table.ts';

/**
 * Positions in the keys of the merge heap: `rank * POSITIONS + position` is an exact double (2^18 ranks at
 * most).
 */
const POSITIONS = 2 ** 32;

/** Bytes of the longest piece that counts as a word. */
const MAX_WORD = 128;

/** Scratch arrays up to this many bytes are kept from one piece to the next. */
const KEPT_BYTES = 1 << 14;

/**
 * Counts the tokens of byte-pair encoding without encoding: how many a piece of text becomes when the
 * adjacent pair of lowest rank, the leftmost of equals, is merged until no pair is a token. The rule is
 * tiktoken's (https://github.com/openai/tiktoken/blob/main/src/lib.rs, `byte_pair_merge`).
 *
 * A heap of pairs over a linked list of parts makes it O(n log n): js-tiktoken scans all pairs for each
 * merge.
 */
export class BytePairCounter {
  /** Steps taken so far: look-ups of a pair and moves in the heap. Tests bound them instead of the time. */
  steps = 0;
  readonly #ranks: RankTable;
  readonly #powers: Int32Array;
  /** Words, and the few long runs that a text repeats (indents, rules, lines of tables): 1.5 MB in all. */
  readonly #words = new PieceCache(1 << 13, MAX_WORD);
  readonly #runs = new PieceCache(1 << 8, 1 << 11);
  #bytes = new Uint8Array(KEPT_BYTES);
  #hash = 0;
  /** The hash of the bytes before each position; two of them give the hash of the bytes between. */
  #hashes = new Int32Array(KEPT_BYTES + 1);
  #next = new Int32Array(KEPT_BYTES + 1);
  #previous = new Int32Array(KEPT_BYTES + 1);
  /** The rank of the pair that begins at a position; -1 if its two parts do not merge. */
  #pair = new Int32Array(KEPT_BYTES + 1);
  #heap = new Float64Array(KEPT_BYTES);
  #heapSize = 0;

  constructor(ranks: RankTable) {
    this.#ranks = ranks;
    this.#powers = new Int32Array(ranks.longest + 1);
    for (let power = 1, at = 0; at <= ranks.longest; at++, power = Math.imul(power, HASH_BASE))
      this.#powers[at] = power;
  }

  /** Returns the tokens of `text[start, end)`, which is one piece: pairs never merge across its ends. */
  count(text: string, start: number, end: number): number {
    if ((end - start) * 3 > this.#bytes.length) this.#allocate((end - start) * 3);
    const length = this.#read(text, start, end);
    const hash = this.#hash;
    if (
      length === 1 ||
      (length <= this.#ranks.longest && this.#ranks.find(this.#bytes, 0, length, hash) >= 0)
    )
      return 1;
    const cache = length <= MAX_WORD ? this.#words : this.#runs;
    const known = cache.get(this.#bytes, length, hash);
    if (known > 0) return known;
    const tokens = this.#merge(length);
    cache.set(this.#bytes, length, hash, tokens);
    if (this.#bytes.length > KEPT_BYTES) this.#allocate(KEPT_BYTES);
    return tokens;
  }

  /**
   * Writes UTF-8 as TextEncoder does (a lone surrogate is U+FFFD) and its hash. Returns the bytes written.
   */
  #read(text: string, start: number, end: number): number {
    const bytes = this.#bytes;
    let length = 0;
    let hash = 0;
    for (let at = start; at < end; at++) {
      let code = text.charCodeAt(at);
      if (code < 0x80) {
        bytes[length++] = code;
        hash = hashByte(hash, code);
        continue;
      }
      if (code >= 0xd800 && code < 0xe000) {
        const point = text.codePointAt(at) ?? code;
        code = point > 0xffff ? point : 0xfffd;
      }
      const first = length;
      if (code < 0x800) {
        bytes[length++] = 0xc0 | (code >> 6);
      } else {
        if (code < 0x10000) {
          bytes[length++] = 0xe0 | (code >> 12);
        } else {
          at++;
          bytes[length++] = 0xf0 | (code >> 18);
          bytes[length++] = 0x80 | ((code >> 12) & 0x3f);
        }
        bytes[length++] = 0x80 | ((code >> 6) & 0x3f);
      }
      bytes[length++] = 0x80 | (code & 0x3f);
      for (let byte = first; byte < length; byte++) hash = hashByte(hash, bytes[byte] ?? 0);
    }
    this.#hash = hash;
    return length;
  }

  #rank(start: number, end: number): number {
    if (end - start > this.#ranks.longest) return -1;
    this.steps++;
    const before = Math.imul(this.#hashes[start] ?? 0, this.#powers[end - start] ?? 0);
    return this.#ranks.find(this.#bytes, start, end, ((this.#hashes[end] ?? 0) - before) | 0);
  }

  #merge(length: number): number {
    const next = this.#next;
    const previous = this.#previous;
    this.#heapSize = 0;
    for (let at = 0, hash = 0; at < length; at++) {
      hash = hashByte(hash, this.#bytes[at] ?? 0);
      this.#hashes[at + 1] = hash;
      next[at] = at + 1;
      previous[at] = at - 1;
    }
    for (let at = 0; at < length; at++) this.#consider(at, length);
    let parts = length;
    for (let key = this.#pop(); key >= 0; key = this.#pop()) {
      const at = key % POSITIONS;
      // A key whose pair has changed since is stale: its parts were merged with others.
      if (this.#pair[at] !== (key - at) / POSITIONS) continue;
      const merged = next[at] ?? length;
      const after = next[merged] ?? length;
      this.#pair[merged] = -1;
      next[at] = after;
      if (after < length) previous[after] = at;
      parts--;
      this.#consider(at, length);
      const before = previous[at] ?? -1;
      if (before >= 0) this.#consider(before, length);
    }
    return parts;
  }

  /** Looks up the pair that begins at a position and puts it in the heap if it merges. */
  #consider(at: number, length: number): void {
    const second = this.#next[at] ?? length;
    const rank = second < length ? this.#rank(at, this.#next[second] ?? second + 1) : -1;
    this.#pair[at] = rank;
    if (rank >= 0) this.#push(rank * POSITIONS + at);
  }

  #push(key: number): void {
    const heap = this.#heap;
    let at = this.#heapSize++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] ?? 0;
      if (above <= key) break;
      this.steps++;
      heap[at] = above;
      at = parent;
    }
    heap[at] = key;
  }

  /** Removes and returns the lowest key; -1 if there is none. */
  #pop(): number {
    if (this.#heapSize === 0) return -1;
    const heap = this.#heap;
    const top = heap[0] ?? -1;
    const key = heap[--this.#heapSize] ?? 0;
    const size = this.#heapSize;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && (heap[child + 1] ?? 0) < (heap[child] ?? 0)) child++;
      const below = heap[child] ?? 0;
      if (key <= below) break;
      this.steps++;
      heap[at] = below;
      at = child;
    }
    heap[at] = key;
    return top;
  }

  #allocate(bytes: number): void {
    this.#bytes = new Uint8Array(bytes);
    this.#hashes = new Int32Array(bytes + 1);
    this.#next = new Int32Array(bytes + 1);
    this.#previous = new Int32Array(bytes + 1);
    this.#pair = new Int32Array(bytes + 1);
    // At most one key for each position at the start, and two more for each merge.
    this.#heap = new Float64Array(3 * bytes);
    this.#heapSize = 0;
  }
}
