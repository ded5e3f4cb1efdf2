import { countText, type EncodingName, encodingForModel } from '../../tokens/index.ts';

/**
 * How often the whole text may be recounted: its pieces count slightly more tokens than the text they form.
 */
const MAX_RECOUNTS = 8;

/** How many tokens a cut adds at most, nearly always. */
const TOKENS_PER_CUT = 2;

/**
 * Decides whether a stream has more tokens than were reserved for it. Bytes bound tokens from above, so
 * nothing is tokenized until the bytes pass the cap, and then each piece once.
 */
export class StreamedTokenCounter {
  readonly #encoding: EncodingName;
  readonly #texts: string[] = [];
  #tokens = 0;
  #pendingFrom = 0;
  #pendingBytes = 0;
  #recounts = 0;
  /** In how many places the text was cut to count its pieces, since the whole of it was counted. */
  #cuts = 0;

  constructor(model: string) {
    this.#encoding = encodingForModel(model);
  }

  /** The tokens at the last count. */
  get tokens(): number {
    return this.#tokens;
  }

  /** Adds a piece of generated text. */
  add(text: string): void {
    this.#texts.push(text);
    this.#pendingBytes += Buffer.byteLength(text);
  }

  /** Whether the text has more than `cap` tokens. */
  exceeds(cap: number): boolean {
    if (this.#tokens + this.#pendingBytes <= cap) return false;
    this.#tokens += countText(this.#texts.slice(this.#pendingFrom).join(''), this.#encoding);
    this.#pendingFrom = this.#texts.length;
    this.#pendingBytes = 0;
    this.#cuts += 1;
    if (this.#tokens <= cap) return false;
    // Of a long text that is above the cap by far, the exact count does not matter.
    const mayBeWithin = this.#tokens - TOKENS_PER_CUT * this.#cuts <= cap;
    if (mayBeWithin && this.#recounts < MAX_RECOUNTS) {
      this.#recounts += 1;
      this.#cuts = 0;
      this.#tokens = countText(this.#texts.join(''), this.#encoding);
    }
    return this.#tokens > cap;
  }
}
