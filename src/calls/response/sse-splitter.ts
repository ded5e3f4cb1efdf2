import { parseJson } from '../../util/index.ts';

/** One server-sent event as it came, and its data where that is JSON. */
export interface SseEvent {
  readonly bytes: Uint8Array;
  readonly data: unknown;
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** Splits bytes into server-sent events, each with the blank line that ends it, whatever the chunks they come in. */
export class SseSplitter {
  #pending: Buffer = Buffer.alloc(0);
  /** Up to where the pending bytes were searched already. */
  #searched = 0;

  /** The events that are whole with this chunk. */
  push(chunk: Uint8Array): SseEvent[] {
    this.#pending = this.#pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#pending, chunk]);
    const events: SseEvent[] = [];
    for (;;) {
      const end = this.#endOfEvent();
      if (end < 0) return events;
      const bytes = this.#pending.subarray(0, end);
      this.#pending = this.#pending.subarray(end);
      this.#searched = 0;
      events.push({ bytes, data: dataOf(bytes) });
    }
  }

  /** What came after the last whole event. */
  rest(): Uint8Array {
    return this.#pending;
  }

  /** Past the blank line that ends the first event; -1 where it is not there yet. */
  #endOfEvent(): number {
    const bytes = this.#pending;
    for (let at = bytes.indexOf(NEWLINE, this.#searched); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) {
      const next = bytes[at + 1] === RETURN ? at + 2 : at + 1;
      if (bytes[next] === NEWLINE) return next + 1;
      this.#searched = at;
    }
    return -1;
  }
}

function dataOf(bytes: Buffer): unknown {
  const data = bytes
    .toString('utf8')
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(5).trimStart())
    .join('\n');
  return parseJson(data);
}
