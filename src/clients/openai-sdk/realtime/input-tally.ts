import { isRecord } from '../../../util/index.ts';

/**
 * The fewest base64 characters in an audio token: a token is 100 ms, in which G.711 has 800 bytes (realtime
 * costs guide).
 */
const MIN_BASE64_PER_TOKEN = 1_066;

/** The most tokens of an image in a conversation. */
const MAX_IMAGE_TOKENS = 4_096;

/**
 * Bounds the input of the next response of a Realtime session: the session's settings, the highest total that
 * a response reported, and everything added to the conversation since. A token of text has at least one byte.
 */
export class InputTally {
  #settingsBytes = 0;
  #highestTotal = 0;
  #added = 0;

  /** The bound, tokens; the context window of the model is not part of it. */
  get bound(): number {
    return this.#settingsBytes + this.#highestTotal + this.#added;
  }

  /**
   * Records the session's settings, which include its instructions and tools, as the service reports them.
   */
  recordSession(session: unknown): void {
    this.#settingsBytes = Buffer.byteLength(JSON.stringify(session) ?? '');
  }

  /** Records an event that was sent. */
  recordSent(event: Readonly<Record<string, unknown>>): void {
    const { audio, item, response } = event;
    if (typeof audio === 'string') this.#added += Math.ceil(audio.length / MIN_BASE64_PER_TOKEN);
    else this.#added += maxTokensOf(item) + maxTokensOf(response);
  }

  /** Records the total tokens of a response that ended: its input and output are input of the next. */
  recordResponse(tokens: number): void {
    this.#highestTotal = Math.max(this.#highestTotal, tokens);
    this.#added = 0;
  }
}

/**
 * The most tokens of a part of an event: of text by its bytes, of audio by its duration, of images a
 * constant.
 */
function maxTokensOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + maxTokensOf(one), 0);
  if (!isRecord(value)) return 0;
  let sum = 8;
  for (const [key, part] of Object.entries(value)) {
    if (key === 'image_url') sum += MAX_IMAGE_TOKENS;
    else if (key === 'audio' && typeof part === 'string')
      sum += Math.ceil(part.length / MIN_BASE64_PER_TOKEN);
    else sum += maxTokensOf(part);
  }
  return sum;
}
