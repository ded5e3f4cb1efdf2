import { BoundedMap } from '../../util/index.ts';

/** Shorter texts are counted again faster than they are worth keeping. */
const MIN_LENGTH = 64;

/** Longer texts are not kept: one would displace a whole conversation. */
const MAX_LENGTH = 1 << 19;

/** UTF-16 units kept at least; with twice as many, 8 to 16 MB of text that the host mostly holds anyway. */
const CAPACITY = 1 << 22;

/**
 * Remembers the token counts of the texts used last, so that a growing conversation costs its new part only.
 * The key is the text itself, not the message object: SDKs and agents rebuild their messages, and a changed
 * text is another key.
 */
export class TextMemory {
  #counts = emptyMemory();

  /** Returns the tokens of a text; undefined if it is not remembered. */
  get(text: string): number | undefined {
    if (!isWorthKeeping(text)) return undefined;
    const tokens = this.#counts.get(text);
    // Set again, it counts as used last.
    if (tokens !== undefined) this.#counts.set(text, tokens);
    return tokens;
  }

  set(text: string, tokens: number): void {
    if (isWorthKeeping(text)) this.#counts.set(text, tokens);
  }

  clear(): void {
    this.#counts = emptyMemory();
  }
}

function emptyMemory(): BoundedMap<string, number> {
  return new BoundedMap(CAPACITY, (text) => text.length);
}

function isWorthKeeping({ length }: string): boolean {
  return length >= MIN_LENGTH && length <= MAX_LENGTH;
}
