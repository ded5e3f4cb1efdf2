import { countText, type EncodingName, encodingForModel } from '../../tokens/index.ts';

/** How often the whole text may be counted again: pieces count some tokens more than the text that they make. */
const MAX_RECOUNTS = 8;

/**
 * Says when a stream has given more tokens than were reserved for it. Bytes bound tokens from above, so nothing is
 * counted until they pass the cap, and then each piece once.
 */
export class OutputGauge {
  readonly #encoding: EncodingName;
  readonly #texts: string[] = [];
  #counted = 0;
  #pendingFrom = 0;
  #pendingBytes = 0;
  #recounts = 0;

  constructor(model: string) {
    this.#encoding = encodingForModel(model);
  }

  /** Tokens that came so far, where they were counted last. */
  get counted(): number {
    return this.#counted;
  }

  add(text: string): void {
    this.#texts.push(text);
    this.#pendingBytes += Buffer.byteLength(text);
  }

  /** Whether more than that many tokens came. */
  exceeds(cap: number): boolean {
    if (this.#counted + this.#pendingBytes <= cap) return false;
    this.#counted += countText(this.#texts.slice(this.#pendingFrom).join(''), this.#encoding);
    this.#pendingFrom = this.#texts.length;
    this.#pendingBytes = 0;
    if (this.#counted <= cap) return false;
    if (this.#recounts < MAX_RECOUNTS) {
      this.#recounts += 1;
      this.#counted = countText(this.#texts.join(''), this.#encoding);
    }
    return this.#counted > cap;
  }
}
