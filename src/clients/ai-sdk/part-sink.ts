import type { BudgetExceededError } from '../../budget/index.ts';
import { type BodySink, type Call, StreamGuard } from '../../calls/index.ts';
import { isRecord, type MaybePromise } from '../../util/index.ts';
import { chatChunkOf } from './result.ts';

/** The parts of a stream of the AI SDK. */
export class PartSink<T> implements BodySink<T> {
  readonly #meter: StreamGuard;
  #error: unknown;

  constructor(call: Call) {
    this.#meter = new StreamGuard(call, false);
  }

  write(part: T): T[] {
    // Providers tell of a failure by a part, and end the stream without an error.
    if (isRecord(part) && part['type'] === 'error') this.#error = part['error'];
    this.#meter.accept(chatChunkOf(part));
    return [part];
  }

  reserveForOutput(): MaybePromise<BudgetExceededError | undefined> {
    return this.#meter.reserveForOutput();
  }

  end(): T[] {
    this.#meter.end(this.#error === undefined ? 'complete' : { error: this.#error });
    return [];
  }

  abandon(): void {
    this.#meter.end('cut');
  }

  fail(error: unknown): void {
    this.#meter.end({ error });
  }
}
