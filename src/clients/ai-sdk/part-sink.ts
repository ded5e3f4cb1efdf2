import type { BudgetExceededError } from '../../budget/index.ts';
import { type BodySink, type Call, StreamGuard } from '../../calls/index.ts';
import { isRecord, type MaybePromise } from '../../util/index.ts';
import { chatChunkOf } from './result.ts';

/** Feeds the parts of a stream of the AI SDK to its call. */
export class PartSink<T> implements BodySink<T> {
  readonly #guard: StreamGuard;
  #error: unknown;

  constructor(call: Call) {
    this.#guard = new StreamGuard(call, false);
  }

  write(part: T): T[] {
    // Providers report a failure as a part, and end the stream without an error.
    if (isRecord(part) && part['type'] === 'error') this.#error = part['error'];
    this.#guard.accept(chatChunkOf(part));
    return [part];
  }

  reserveForOutput(): MaybePromise<BudgetExceededError | undefined> {
    return this.#guard.reserveForOutput();
  }

  end(): T[] {
    this.#guard.end(this.#error === undefined ? 'complete' : { error: this.#error });
    return [];
  }

  abandon(): void {
    this.#guard.end('cut');
  }

  fail(error: unknown): void {
    this.#guard.end({ error });
  }
}
