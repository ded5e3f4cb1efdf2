import { type Attributes, type Context, context, diag } from '@opentelemetry/api';
import { type Amounts, type BudgetEvent, NOTHING } from '../budget/index.ts';
import { hidesReasoning, nanoToUsd } from '../pricing/index.ts';
import {
  type Answer,
  answerTexts,
  type CallPlan,
  isTokenPlan,
  readAnswer,
  type StreamReader,
  withTools,
} from '../providers/index.ts';
import { attachCharge, settledCharge } from '../telemetry/context/index.ts';
import { semconv, type UsageSource, usageAttributes } from '../telemetry/names/index.ts';
import { type TokenUsage, tokenUsage, totalTokens } from '../usage/index.ts';
import { isPromise, isRecord, type MaybePromise } from '../util/index.ts';
import { type Begun, type CallEnd, callEvent, measureCall } from './call-outcome.ts';
import { countedUsage, priceOther, priceUsage, repairUsage } from './cost/index.ts';
import { safely } from './fail-open.ts';
import { failureCost } from './failure-billing.ts';
import { type Indexed, reservationOf, WORK_LEASE_MS } from './memory/index.ts';
import type { CallReservation } from './reservation.ts';
import type { CallHost } from './services.ts';
import { AbandonedError, answerAttributes, outputContent, setError } from './telemetry/index.ts';

/** How a stream ended: to its last event, before it, or with an error. */
export type StreamEnd = 'complete' | 'cut' | { readonly error: unknown };

/**
 * One call: its span, its reservation and its end. It ends once, whoever sees it end first; what comes after
 * is ignored.
 */
export class Call implements Indexed {
  place = -1;
  readonly plan: CallPlan;
  readonly context: Context;
  readonly #host: CallHost;
  readonly #begun: Begun;
  /** From the start of the call. */
  #firstChunkSeconds: number | undefined;
  #due: Amounts = NOTHING;
  /** The work that goes on in the service, by its id. */
  #workId: string | undefined;
  #ended = false;
  #settled = false;

  /** @param begun what was started and reserved for it */
  constructor(host: CallHost, begun: Begun) {
    this.#host = host;
    this.#begun = begun;
    this.plan = begun.plan;
    this.context = begun.context;
    attachCharge(begun.span, this);
    host.open.add(this);
  }

  /** Whether the call is held to what is reserved for it. */
  get strict(): boolean {
    return this.#begun.reservation.tracker.strict;
  }

  get reservation(): CallReservation {
    return this.#begun.reservation;
  }

  /** A complete answer came. */
  answered(value: unknown): void {
    const answer = this.#metered(readAnswer(value, this.plan.endpoint), value);
    this.#capture(() => outputContent(value, []));
    if (answer.unfinished && answer.id !== undefined) {
      this.#goesOn(answer, answer.id);
      return;
    }
    const source = answer.unfinished && this.strict ? 'reservation' : 'response';
    this.#conclude(answer, source, () => answerTexts(value));
  }

  /** The first event of a stream came. */
  firstChunk(): void {
    this.#firstChunkSeconds ??= (performance.now() - this.#begun.startedAt) / 1_000;
  }

  /** A stream ended. */
  streamed(reader: StreamReader, end: StreamEnd): void {
    const answer = this.#metered(reader.answer(), reader.last);
    this.#capture(() => outputContent(undefined, reader.texts));
    const failed = typeof end === 'object' ? end.error : reader.error;
    const hidden = hidesReasoning(this.plan.model) || hidesReasoning(answer.model ?? '');
    const unseen = !reader.usageSeen && hidden;
    const lasting = this.plan.body['background'] === true || this.plan.endpoint.operation === 'invoke_agent';
    if (lasting && answer.unfinished && answer.id !== undefined) {
      this.#goesOn(answer, answer.id);
      return;
    }
    const source = this.strict && unseen ? 'reservation' : 'response';
    const cut = end === 'cut' || typeof end === 'object';
    this.#conclude(answer, source, () => reader.texts, { cut, ...(failed === undefined ? {} : { failed }) });
  }

  /** The request failed before an answer could be read; `sent`: after its headers had come. */
  failed(error: unknown, phase: 'request' | 'answer'): void {
    if (this.#ended) return;
    const free = phase === 'request' && (this.plan.aborted || failureCost(error) === 'nothing');
    if (free) {
      this.#end({ due: NOTHING, attributes: {}, error });
      return;
    }
    const answer = readAnswer(undefined, this.plan.endpoint);
    this.#conclude(answer, this.strict ? 'reservation' : 'response', () => [], { cut: true, failed: error });
  }

  /** The call will not be seen to end (its answer was never read, or the process exits). */
  abandoned(why: string): void {
    if (this.#ended) return;
    this.failed(new AbandonedError(why), 'answer');
  }

  /** Charges the call, once: by the span processor, or by the call itself where none saw its span. */
  settle(): MaybePromise<void> {
    if (this.#settled || !this.#ended) return;
    this.#settled = true;
    settledCharge(this.#begun.span);
    const { tracker } = this.reservation;
    return this.#inContext((): MaybePromise<void> => {
      const done =
        this.#workId === undefined
          ? this.reservation.settle(this.#due)
          : this.reservation.handOver(reservationOf(this.#workId), WORK_LEASE_MS);
      // With a shared store the span is over by then.
      if (isPromise(done)) {
        return done.then(
          () => undefined,
          (error: unknown) => diag.error('otel-token-budget: a charge failed', error),
        );
      }
      if (this.#begun.span.isRecording()) this.#setLeft(tracker.remaining);
      return undefined;
    });
  }

  #capture(content: () => Attributes): void {
    if (this.#host.captureContent && !this.#ended) this.#begun.span.setAttributes(content());
  }

  /** What an answer means to a meter. */
  #metered(answer: Answer, value: unknown): Answer {
    const { endpoint } = this.plan;
    if (endpoint.kind !== 'metered') return answer;
    const fields = isRecord(value) ? value : { text: value };
    return { ...answer, usage: endpoint.meter.read(fields, this.plan, this.#begun.card) };
  }

  #counted(texts: Iterable<string>): TokenUsage {
    const { plan } = this;
    if (isTokenPlan(plan)) return countedUsage(plan, texts, this.#host.memory);
    const { endpoint } = plan;
    return endpoint.kind === 'metered' ? endpoint.meter.counted(plan, this.#begun.card) : tokenUsage();
  }

  /** The call is over and its work is not: what is reserved is held for whoever hears of its end. */
  #goesOn(answer: Answer, id: string): void {
    if (this.#ended) return;
    const { plan, reservation } = this;
    const { card } = this.#begun;
    // Where nothing was reserved, what is known so far is: should nobody hear of the end, it is charged.
    const usage = this.strict ? reservation.usage : this.#counted([]);
    if (!this.strict) {
      const { costNanoUsd } = priceUsage(this.#host.prices, plan, card, usage, answer);
      reservation.leastOfWork({ costNanoUsd, tokens: totalTokens(usage), calls: 1 });
    }
    this.#workId = id;
    this.#host.work.remember(id, { tracker: reservation.tracker, plan, card, held: reservation.amounts });
    this.#end({
      due: NOTHING,
      attributes: { ...answerAttributes(answer), [semconv.ATTR_BUDGET_WORK_ID]: id },
      ...(answer.model === undefined ? {} : { model: answer.model }),
    });
  }

  /** Prices what was used and ends the call. Usage that is missing is counted, or taken from the reservation. */
  #conclude(
    answer: Answer,
    wanted: UsageSource,
    texts: () => Iterable<string>,
    how: { cut?: boolean; failed?: unknown } = {},
  ): void {
    if (this.#ended) return;
    const { plan } = this;
    const reading = answer.usage;
    const whole = reading.inputKnown && reading.outputKnown;
    const source: UsageSource = whole ? 'response' : wanted === 'response' ? 'local' : wanted;
    const billed = whole
      ? reading.usage
      : source === 'reservation'
        ? this.reservation.usage
        : repairUsage(reading, this.#counted(texts()));
    const usage = source === 'reservation' ? billed : withTools(billed, answer.tools, this.#host.containers);
    const others = source === 'reservation' ? [] : (answer.tools?.others ?? []);
    if (!whole || reading.problems.length > 0) {
      this.#emit({
        type: 'usage_missing',
        budget: this.reservation.tracker.budget.name,
        model: plan.model,
        reason: reading.problems.length > 0 ? 'implausible' : how.cut === true ? 'cut' : 'absent',
        problems: reading.problems,
        charged: source === 'reservation' ? 'reservation' : 'local',
      });
    }
    const charge = priceUsage(this.#host.prices, plan, this.#begun.card, usage, answer);
    const own = source === 'reservation' ? this.reservation.costNanoUsd : charge.costNanoUsd;
    const cost = others.reduce((sum, other) => sum + priceOther(this.#host.prices, plan, other), own);
    const tokens = others.reduce((sum, other) => sum + totalTokens(other.usage), totalTokens(usage));
    if (plan.endpoint.kind === 'responses') this.#host.memory.remember(answer.id, plan.body, usage);
    this.#end({
      due: { costNanoUsd: cost, tokens, calls: 1 },
      attributes: Object.assign(
        answerAttributes(answer),
        usageAttributes(usage, plan.endpoint.hasOutput, source, {
          costNanoUsd: cost,
          source: charge.card.source,
        }),
      ),
      usage,
      source,
      ...(answer.model === undefined ? {} : { model: answer.model }),
      ...(answer.id === undefined ? {} : { id: answer.id }),
      ...(how.failed === undefined ? {} : { error: how.failed }),
    });
  }

  #end(end: CallEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#due = end.due;
    this.#host.open.delete(this);
    this.#inContext(() => {
      // Before it is charged: who keeps an account of calls has this one by then, should the process die in between.
      safely('the event of a call', () => this.#emit(callEvent(this.#begun, end)));
      safely('the span of a call', () => this.#endSpan(end));
      void safely('the charge of a call', () => this.settle());
    });
  }

  #endSpan(end: CallEnd): void {
    const { span } = this.#begun;
    const { attempts } = this.reservation;
    span.setAttributes(end.attributes);
    if (this.#firstChunkSeconds !== undefined)
      span.setAttribute(semconv.ATTR_RESPONSE_TIME_TO_FIRST_CHUNK, this.#firstChunkSeconds);
    if (attempts !== NOTHING)
      span.setAttribute(semconv.ATTR_BUDGET_ATTEMPTS_COST, nanoToUsd(attempts.costNanoUsd));
    if (end.error !== undefined) setError(span, end.error);
    measureCall(this.#host.instruments, this.#begun, end, this.#firstChunkSeconds);
    span.end();
  }

  #emit(event: BudgetEvent): void {
    this.#inContext(() => this.reservation.tracker.emit(event));
  }

  /** Runs in the context of the call; to enter one takes longer than to see that it is entered. */
  #inContext<T>(run: () => T): T {
    return context.active() === this.context ? run() : context.with(this.context, run);
  }

  #setLeft(left: { costUsd?: number; tokens?: number; calls?: number }): void {
    if (left.costUsd !== undefined)
      this.#begun.span.setAttribute(semconv.ATTR_BUDGET_LEFT_COST, left.costUsd);
    if (left.tokens !== undefined)
      this.#begun.span.setAttribute(semconv.ATTR_BUDGET_LEFT_TOKENS, left.tokens);
    if (left.calls !== undefined) this.#begun.span.setAttribute(semconv.ATTR_BUDGET_LEFT_CALLS, left.calls);
  }
}
