import { type Call, StreamAbortedError, StreamGuard } from '../../calls/index.ts';
import type { SdkStream } from './sdk-types.ts';

/**
 * Guards a stream in place, so that it stays the SDK's own object: `tee()`, `toReadableStream()`,
 * `controller` and `for await` all draw from its `iterator`. A usage chunk that only this package requested
 * is kept from the caller.
 */
export function guardSdkStream(stream: SdkStream, call: Call, addsUsageChunk: boolean): void {
  const open = stream.iterator;
  stream.iterator = () => new GuardedIterator(open.call(stream), stream.controller, call, addsUsageChunk);
}

class GuardedIterator implements AsyncIterableIterator<unknown> {
  readonly #source: AsyncIterator<unknown>;
  readonly #controller: AbortController;
  readonly #guard: StreamGuard;

  constructor(
    source: AsyncIterator<unknown>,
    controller: AbortController,
    call: Call,
    addsUsageChunk: boolean,
  ) {
    this.#source = source;
    this.#controller = controller;
    this.#guard = new StreamGuard(call, addsUsageChunk);
  }

  async next(): Promise<IteratorResult<unknown>> {
    try {
      for (;;) {
        const result = await this.#source.next();
        if (result.done === true) {
          // The SDK ends an aborted stream without an error.
          this.#guard.end(this.#controller.signal.aborted ? { error: new StreamAbortedError() } : 'complete');
          return result;
        }
        const passes = this.#guard.accept(result.value);
        const reserved = this.#guard.reserveForOutput();
        const refusal = reserved === undefined ? undefined : await reserved;
        if (refusal !== undefined) {
          this.#controller.abort();
          throw refusal;
        }
        if (passes) return result;
      }
    } catch (error) {
      this.#guard.end({ error });
      throw error;
    }
  }

  async return(value?: unknown): Promise<IteratorResult<unknown>> {
    this.#guard.end('cut');
    return (await this.#source.return?.(value)) ?? { done: true, value };
  }

  async throw(error?: unknown): Promise<IteratorResult<unknown>> {
    this.#guard.end('cut');
    if (this.#source.throw === undefined) throw error;
    return this.#source.throw(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
