import type { BudgetExceededError } from '../../budget/index.ts';
import { failOpen } from '../../telemetry/api/index.ts';
import { isRecord, type MaybePromise, parseJson } from '../../util/index.ts';
import type { Call } from '../call.ts';
import { SseSplitter } from './sse-splitter.ts';
import { StreamGuard } from './stream-guard.ts';

/** Receives the chunks of a response body on their way to the application. */
export interface BodySink<T = Uint8Array> {
  /** Reads a chunk and returns what to pass on. */
  write(chunk: T): T[];
  /** Reserves for what arrived; the refusal if the budget cannot pay for it. */
  reserveForOutput(): MaybePromise<BudgetExceededError | undefined>;
  /** Ends the body and returns what is left to pass on. */
  end(): T[];
  /** The reader stopped before the end. */
  abandon(): void;
  /** Reading failed. */
  fail(error: unknown): void;
}

const identity = <T>(value: T): T => value;

/** Reads server-sent events; keeps back the usage chunk that only this package requested. */
export class SseBodySink implements BodySink {
  readonly #splitter = new SseSplitter();
  readonly #guard: StreamGuard;
  readonly #addsUsageChunk: boolean;
  readonly #toOpenAi: (event: unknown) => unknown;

  /** @param toOpenAi translates an event of another API into one of OpenAI's */
  constructor(call: Call, addsUsageChunk: boolean, toOpenAi: (event: unknown) => unknown = identity) {
    this.#guard = new StreamGuard(call, addsUsageChunk);
    this.#addsUsageChunk = addsUsageChunk;
    this.#toOpenAi = toOpenAi;
  }

  write(chunk: Uint8Array): Uint8Array[] {
    const kept: Uint8Array[] = [];
    for (const { bytes, data } of this.#splitter.push(chunk)) {
      const hasNullUsage = this.#addsUsageChunk && isRecord(data) && data['usage'] === null;
      const event = failOpen('translating an event of a stream', () => this.#toOpenAi(data));
      if (this.#guard.accept(event)) kept.push(hasNullUsage ? withoutNullUsage(bytes) : bytes);
    }
    return kept;
  }

  reserveForOutput(): MaybePromise<BudgetExceededError | undefined> {
    return this.#guard.reserveForOutput();
  }

  end(): Uint8Array[] {
    const rest = this.#splitter.rest();
    this.#guard.end('complete');
    return rest.length === 0 ? [] : [rest];
  }

  abandon(): void {
    this.#guard.end('cut');
  }

  fail(error: unknown): void {
    this.#guard.end({ error });
  }
}

/** Quotes inside JSON strings are escaped, so the field can be found in the text itself. */
function withoutNullUsage(event: Uint8Array): Uint8Array {
  const text = Buffer.from(event).toString('utf8');
  return Buffer.from(text.replace(/,\s*"usage"\s*:\s*null|"usage"\s*:\s*null\s*,\s*/, ''));
}

/** Buffers a response that is not a stream and reads it once it is complete. */
export class BufferedBodySink implements BodySink {
  readonly #call: Call;
  readonly #chunks: Uint8Array[] = [];
  readonly #toOpenAi: (response: unknown) => unknown;

  /** @param toOpenAi translates a response of another API into one of OpenAI's */
  constructor(call: Call, toOpenAi: (response: unknown) => unknown = identity) {
    this.#call = call;
    this.#toOpenAi = toOpenAi;
  }

  write(chunk: Uint8Array): Uint8Array[] {
    this.#chunks.push(chunk);
    return [chunk];
  }

  reserveForOutput(): undefined {
    return undefined;
  }

  end(): Uint8Array[] {
    const text = Buffer.concat(this.#chunks).toString('utf8');
    failOpen('reading a response', () => {
      const response = parseJson(text);
      this.#call.recordResponse(response === undefined ? text : this.#toOpenAi(response));
    });
    return [];
  }

  abandon(): void {
    failOpen('abandoning a call', () => this.#call.abandon('its body was not read to the end'));
  }

  fail(error: unknown): void {
    failOpen('recording a failed read', () => this.#call.recordFailure(error, 'response'));
  }
}
