import type { BudgetExceededError } from '../../budget/index.ts';
import { isUsageChunk, StreamReader } from '../../providers/index.ts';
import { failOpen } from '../../telemetry/api/index.ts';
import { isRecord } from '../../util/index.ts';
import type { Call, StreamEnd } from '../call.ts';
import { StreamedTokenCounter } from './streamed-token-counter.ts';

/** Feeds the events of a stream to its call, and stops the stream once the budget cannot pay for it. */
export class StreamGuard {
  readonly #call: Call;
  readonly #addsUsageChunk: boolean;
  readonly #reader: StreamReader;
  /** Undefined if the call may use more than what is reserved. */
  readonly #counter: StreamedTokenCounter | undefined;
  #ended = false;

  /**
   * @param addsUsageChunk whether the usage chunk was requested by this package and is kept from the caller
   */
  constructor(call: Call, addsUsageChunk: boolean) {
    this.#call = call;
    this.#addsUsageChunk = addsUsageChunk;
    // An output without a cap is reserved as a whole.
    const isCounted = call.strict && call.plan.endpoint.capped !== false;
    const counter = isCounted ? new StreamedTokenCounter(call.plan.model) : undefined;
    this.#counter = counter;
    const onText = counter && ((text: string) => counter.add(text));
    this.#reader = new StreamReader(call.plan.endpoint, onText, call.capturesContent);
  }

  /**
   * Reads an event.
   * @returns false if the event must be kept from the caller
   */
  accept(event: unknown): boolean {
    failOpen('reading a stream', () => {
      this.#call.recordChunk();
      this.#reader.read(event);
    });
    if (!this.#addsUsageChunk) return true;
    if (isUsageChunk(event)) return false;
    // With usage requested, every other chunk has `usage: null`, which the caller would not have seen.
    if (isRecord(event) && event['usage'] === null) delete event['usage'];
    return true;
  }

  /**
   * Reserves more if the stream outgrew its reservation. Answers at once if it did not.
   * @returns the refusal if the budget cannot pay: the last event is unpaid, and the stream has to end
   */
  reserveForOutput(): Promise<BudgetExceededError | undefined> | undefined {
    const counter = this.#counter;
    if (counter === undefined) return undefined;
    const { reservation } = this.#call;
    const isOver = failOpen('counting a stream', () => counter.exceeds(reservation.outputTokens)) === true;
    return isOver ? reservation.growTo(counter.tokens) : undefined;
  }

  /** Records the end of the stream; later ends are ignored. */
  end(end: StreamEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    failOpen('recording the end of a stream', () => this.#call.recordStream(this.#reader, end));
  }
}
