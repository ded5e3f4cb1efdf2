import type { BudgetExceededError } from '../../budget/index.ts';
import { type AnswerSink, type Call, StreamMeter } from '../../calls/index.ts';
import { isRecord, type MaybePromise } from '../../util/index.ts';
import { chatChunkOf } from './result.ts';

/** The parts of a stream of the AI SDK. */
export class PartSink<T> implements AnswerSink<T> {
  readonly #meter: StreamMeter;
  #error: unknown;

  constructor(call: Call) {
    this.#meter = new StreamMeter(call, false);
  }

  write(part: T): T[] {
    // Providers tell of a failure by a part, and end the stream without an error.
    if (isRecord(part) && part['type'] === 'error') this.#error = part['error'];
    this.#meter.read(chatChunkOf(part));
    return [part];
  }

  payFor(): MaybePromise<BudgetExceededError | undefined> {
    return this.#meter.payFor();
  }

  end(): T[] {
    this.#meter.end(this.#error === undefined ? 'complete' : { error: this.#error });
    return [];
  }

  cut(): void {
    this.#meter.end('cut');
  }

  failed(error: unknown): void {
    this.#meter.end({ error });
  }
}
