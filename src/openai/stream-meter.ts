import { type BudgetExceededError, isPromise, type MaybePromise } from '../budget/index.ts';
import type { Call, StreamEnd } from './call.ts';
import { StreamAbortedError } from './failure.ts';
import { OutputGauge } from './output-gauge.ts';
import { safely } from './safely.ts';
import { isRecord, type SdkStream } from './sdk-types.ts';
import { isUsageChunk } from './sent-body.ts';
import { StreamReader } from './stream-reader.ts';

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

/** Feeds the events of one stream to its call. */
export class StreamMeter {
  readonly #call: Call;
  readonly #asksUsage: boolean;
  readonly #reader: StreamReader;
  readonly #gauge: OutputGauge | undefined;
  #begun = false;
  #ended = false;

  constructor(call: Call, asksUsage: boolean) {
    this.#call = call;
    this.#asksUsage = asksUsage;
    const gauge = call.strict ? new OutputGauge(call.plan.model) : undefined;
    this.#gauge = gauge;
    this.#reader = new StreamReader(call.plan.endpoint, gauge && ((text) => gauge.add(text)));
  }

  /**
   * Where more came than is reserved, reserves more. The refusal where the budget cannot pay for that: what came last is
   * not paid for, and the stream has to end.
   */
  payFor(): MaybePromise<BudgetExceededError | undefined> {
    if (this.#gauge === undefined) return undefined;
    const over =
      safely('metering a stream', () => this.#gauge?.exceeds(this.#call.reservation.outputTokens)) === true;
    return over ? this.#call.reservation.growTo(this.#gauge.counted) : undefined;
  }

  /** Takes an event in. False where it is to be kept from the caller. */
  read(event: unknown): boolean {
    safely('reading a stream', () => {
      if (!this.#begun) this.#call.firstChunk();
      this.#begun = true;
      this.#reader.read(event);
    });
    if (!this.#asksUsage) return true;
    if (isUsageChunk(event)) return false;
    // With usage asked for, every other chunk says `usage: null`, which the caller would not have seen.
    if (isRecord(event) && event['usage'] === null) delete event['usage'];
    return true;
  }

  /** The stream is over, in that way; whatever is said of its end afterwards is of no account. */
  end(how: StreamEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    safely('the end of a stream', () => this.#call.streamed(this.#reader, how));
  }
}
