import { isRecord } from '../../../util/index.ts';

/**
 * Characters of base64 that a token of audio has at least: one is 100 ms, and G.711 has 800 bytes in that time
 * (realtime costs guide).
 */
const BASE64_PER_TOKEN = 1_066;

/** What a picture in a conversation costs at most, tokens. */
const PICTURE_TOKENS = 4_096;

/**
 * Bounds the input of the next response of a Realtime session: what the last one is told to have held, and what was
 * put into the conversation since. A token of text is at least one byte.
 */
export class InputTally {
  #settings = 0;
  #held = 0;
  #added = 0;

  /** Tokens; the context window bounds it as well. */
  get bound(): number {
    return this.#settings + this.#held + this.#added;
  }

  /** The session's settings, instructions and tools among them, as the service tells them. */
  recordSession(session: unknown): void {
    this.#settings = Buffer.byteLength(JSON.stringify(session) ?? '');
  }

  /** An event that was sent. */
  recordSent(event: Readonly<Record<string, unknown>>): void {
    const { audio, item, response } = event;
    if (typeof audio === 'string') this.#added += Math.ceil(audio.length / BASE64_PER_TOKEN);
    else this.#added += sizeOf(item) + sizeOf(response);
  }

  /** A response ended: what it had as input, and what it said, is the input of the next. */
  recordResponse(tokens: number): void {
    this.#held = Math.max(this.#held, tokens);
    this.#added = 0;
  }
}

/** Text by its bytes; audio and pictures by what they are. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + sizeOf(one), 0);
  if (!isRecord(value)) return 0;
  let sum = 8;
  for (const [key, part] of Object.entries(value)) {
    if (key === 'image_url') sum += PICTURE_TOKENS;
    else if (key === 'audio' && typeof part === 'string') sum += Math.ceil(part.length / BASE64_PER_TOKEN);
    else sum += sizeOf(part);
  }
  return sum;
}
