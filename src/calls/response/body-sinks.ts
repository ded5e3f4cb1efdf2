import type { BudgetExceededError } from '../../budget/index.ts';
import { isRecord, type MaybePromise, parseJson } from '../../util/index.ts';
import type { Call } from '../call.ts';
import { safely } from '../fail-open.ts';
import { SseSplitter } from './sse-splitter.ts';
import { StreamMeter } from './stream-guard.ts';

/** Takes the pieces of an answer, bytes as a rule, on their way to the application, and gives those that may go on. */
export interface AnswerSink<T = Uint8Array> {
  write(chunk: T): T[];
  /** Reserves for what came; the refusal where the budget cannot pay for it. */
  payFor(): MaybePromise<BudgetExceededError | undefined>;
  end(): T[];
  /** The reader went away. */
  cut(): void;
  failed(error: unknown): void;
}

/** Server-sent events, less what only we asked for. */
export class EventSink implements AnswerSink {
  readonly #splitter = new SseSplitter();
  readonly #meter: StreamMeter;
  readonly #asksUsage: boolean;
  readonly #translate: (event: unknown) => unknown;

  /** @param translate gives an event as OpenAI's API would, where it is another's */
  constructor(call: Call, asksUsage: boolean, translate: (event: unknown) => unknown = (event) => event) {
    this.#meter = new StreamMeter(call, asksUsage);
    this.#asksUsage = asksUsage;
    this.#translate = translate;
  }

  write(chunk: Uint8Array): Uint8Array[] {
    const kept: Uint8Array[] = [];
    for (const { bytes, data } of this.#splitter.push(chunk)) {
      const saysNull = this.#asksUsage && isRecord(data) && data['usage'] === null;
      const event = safely('an event of a stream', () => this.#translate(data));
      if (this.#meter.read(event)) kept.push(saysNull ? withoutNullUsage(bytes) : bytes);
    }
    return kept;
  }

  payFor(): MaybePromise<BudgetExceededError | undefined> {
    return this.#meter.payFor();
  }

  end(): Uint8Array[] {
    const rest = this.#splitter.rest();
    this.#meter.end('complete');
    return rest.length === 0 ? [] : [rest];
  }

  cut(): void {
    this.#meter.end('cut');
  }

  failed(error: unknown): void {
    this.#meter.end({ error });
  }
}

/** Quotes inside of JSON strings are escaped, so the field is found in the text itself. */
function withoutNullUsage(event: Uint8Array): Uint8Array {
  const text = Buffer.from(event).toString('utf8');
  return Buffer.from(text.replace(/,\s*"usage"\s*:\s*null|"usage"\s*:\s*null\s*,\s*/, ''));
}

/** A whole answer. */
export class WholeSink implements AnswerSink {
  readonly #call: Call;
  readonly #chunks: Uint8Array[] = [];
  readonly #translate: (answer: unknown) => unknown;

  /** @param translate gives an answer as OpenAI's API would, where it is another's */
  constructor(call: Call, translate: (answer: unknown) => unknown = (answer) => answer) {
    this.#call = call;
    this.#translate = translate;
  }

  write(chunk: Uint8Array): Uint8Array[] {
    this.#chunks.push(chunk);
    return [chunk];
  }

  payFor(): undefined {
    return undefined;
  }

  end(): Uint8Array[] {
    const text = Buffer.concat(this.#chunks).toString('utf8');
    safely('an answer', () => {
      const answer = parseJson(text);
      this.#call.answered(answer === undefined ? text : this.#translate(answer));
    });
    return [];
  }

  cut(): void {
    safely('an answer', () => this.#call.abandoned('its body was not read to the end'));
  }

  failed(error: unknown): void {
    safely('an answer', () => this.#call.failed(error, 'answer'));
  }
}
