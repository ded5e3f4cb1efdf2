import { parseJson } from '../../util/index.ts';

/** A server-sent event: its bytes as they arrived, and its data parsed; undefined if that is not JSON. */
export interface SseEvent {
  readonly bytes: Uint8Array;
  readonly data: unknown;
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Splits bytes into server-sent events, each with the blank line that ends it, however the bytes are divided
 * into chunks.
 */
export class SseSplitter {
  #pending: Buffer = Buffer.alloc(0);
  /** The position up to which the pending bytes have been searched. */
  #searched = 0;

  /** Adds a chunk and returns the events that it completes. */
  push(chunk: Uint8Array): SseEvent[] {
    this.#pending = this.#pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#pending, chunk]);
    const events: SseEvent[] = [];
    for (;;) {
      const end = this.#endOfEvent();
      if (end < 0) return events;
      const bytes = this.#pending.subarray(0, end);
      this.#pending = this.#pending.subarray(end);
      this.#searched = 0;
      events.push({ bytes, data: parseData(bytes) });
    }
  }

  /** The bytes after the last complete event. */
  rest(): Uint8Array {
    return this.#pending;
  }

  /** The position after the blank line that ends the first event; -1 if it has not arrived. */
  #endOfEvent(): number {
    const bytes = this.#pending;
    for (let at = bytes.indexOf(NEWLINE, this.#searched); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) {
      const next = bytes[at + 1] === CARRIAGE_RETURN ? at + 2 : at + 1;
      if (bytes[next] === NEWLINE) return next + 1;
      this.#searched = at;
    }
    return -1;
  }
}

function parseData(event: Buffer): unknown {
  const data = event
    .toString('utf8')
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(5).trimStart())
    .join('\n');
  return parseJson(data);
}
