import type { BudgetExceededError } from '../../budget/index.ts';
import { isUsageChunk, StreamReader } from '../../providers/index.ts';
import { isRecord, type MaybePromise } from '../../util/index.ts';
import type { Call, StreamEnd } from '../call.ts';
import { safely } from '../fail-open.ts';
import { OutputGauge } from './streamed-token-counter.ts';

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
