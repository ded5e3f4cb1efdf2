import { type Call, StreamAbortedError, StreamMeter } from '../../calls/index.ts';
import { isPromise } from '../../util/index.ts';
import type { SdkStream } from './sdk-types.ts';
/**
 * Meters a stream in place, so that it stays the SDK's own object: `tee()`, `toReadableStream()`, `controller` and
 * `for await` all draw from its `iterator`. A usage chunk that only we asked for is kept from the caller.
 */
export function meterStream(stream: SdkStream, call: Call, asksUsage: boolean): void {
  const open = stream.iterator;
  stream.iterator = () => new MeteredIterator(open.call(stream), stream.controller, call, asksUsage);
}

class MeteredIterator implements AsyncIterableIterator<unknown> {
  readonly #source: AsyncIterator<unknown>;
  readonly #controller: AbortController;
  readonly #meter: StreamMeter;

  constructor(source: AsyncIterator<unknown>, controller: AbortController, call: Call, asksUsage: boolean) {
    this.#source = source;
    this.#controller = controller;
    this.#meter = new StreamMeter(call, asksUsage);
  }

  async next(): Promise<IteratorResult<unknown>> {
    try {
      for (;;) {
        const result = await this.#source.next();
        if (result.done === true) {
          // The SDK ends an aborted stream without an error.
          this.#meter.end(this.#controller.signal.aborted ? { error: new StreamAbortedError() } : 'complete');
          return result;
        }
        const passes = this.#meter.read(result.value);
        const paid = this.#meter.payFor();
        const refusal = isPromise(paid) ? await paid : paid;
        if (refusal !== undefined) {
          this.#controller.abort();
          throw refusal;
        }
        if (passes) return result;
      }
    } catch (error) {
      this.#meter.end({ error });
      throw error;
    }
  }

  async return(value?: unknown): Promise<IteratorResult<unknown>> {
    this.#meter.end('cut');
    return (await this.#source.return?.(value)) ?? { done: true, value };
  }

  async throw(error?: unknown): Promise<IteratorResult<unknown>> {
    this.#meter.end('cut');
    if (this.#source.throw === undefined) throw error;
    return this.#source.throw(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
