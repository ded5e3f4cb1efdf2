/** Shorter texts are counted again faster than they are worth keeping. */
const SHORTEST = 64;

/** One text above this is not kept: it would displace a whole conversation. */
const LONGEST = 1 << 19;

/** UTF-16 units kept in all, at most: 4 to 8 MB of text that the host mostly holds anyway. */
const CAPACITY = 1 << 22;

/**
 * Counts of the texts seen last, so that a conversation that grows costs its new part only. A key is the text itself,
 * not the message object: SDKs and agents rebuild their messages, and a changed text is another key.
 */
export class TextMemory {
  readonly #counts = new Map<string, number>();
  #kept = 0;

  get(text: string): number | undefined {
    if (text.length < SHORTEST || text.length > LONGEST) return undefined;
    const tokens = this.#counts.get(text);
    if (tokens !== undefined) {
      // The map's order is the order of use.
      this.#counts.delete(text);
      this.#counts.set(text, tokens);
    }
    return tokens;
  }

  set(text: string, tokens: number): void {
    if (text.length < SHORTEST || text.length > LONGEST) return;
    this.#counts.set(text, tokens);
    this.#kept += text.length;
    for (const oldest of this.#counts.keys()) {
      if (this.#kept <= CAPACITY) break;
      this.#counts.delete(oldest);
      this.#kept -= oldest.length;
    }
  }

  clear(): void {
    this.#counts.clear();
    this.#kept = 0;
  }
}
