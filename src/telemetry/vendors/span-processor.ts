import { type CallEvent, NOTHING, type TokenBudgetTracker } from '../../budget/index.ts';
import { type PriceBook, priceUsage, type RateCard } from '../../pricing/index.ts';
import { totalTokens } from '../../usage/index.ts';
import { BoundedMap, ignoreRejection, SeenOnce } from '../../util/index.ts';
import { type Context, context, failOpen, SpanStatusCode, trace } from '../api/index.ts';
import { budgetOfCall, type ChargeableSpan, markMetered, PENDING_CHARGE } from '../context/index.ts';
import { SCOPE, semconv } from '../names/index.ts';
import { DuplicateCallDetector } from './duplicate-call-detector.ts';
import { type EndedSpan, type SdkSpan, scopeNameOf } from './sdk-span.ts';
import {
  isModelCall,
  readModel,
  readResponseId,
  readSpanKind,
  readSpanUsage,
  type SpanUsage,
} from './span-usage.ts';

/**
 * Minimum number of remembered spans of each kind. A child may end after its parent, so a span is kept at its
 * end.
 */
const REMEMBERED_SPANS = 10_000;

/** The usage that a span of another instrumentation reports. */
interface ReportedCall {
  readonly span: EndedSpan;
  readonly reported: SpanUsage;
  readonly tracker: TokenBudgetTracker;
}

/** Maximum number of ancestors that are searched. */
const MAX_DEPTH = 64;

/**
 * Feeds the budget from spans, sampled or not. One of our spans settles its reservation. A model call's span
 * from another instrumentation is charged by its usage, once: not if one of our spans, or a charged one, is
 * its ancestor or descendant, nor if it reports a call that is already charged.
 *
 * @example
 * const tracker = getPreloaded()?.tracker;
 * const prices = new PriceBook();
 * const spanProcessors = tracker ? [new BudgetSpanProcessor({ tracker, prices })] : [];
 */
export class BudgetSpanProcessor {
  readonly #tracker: TokenBudgetTracker;
  readonly #prices: PriceBook;
  /** The parent of each span. A tool or an agent makes its own calls, so it is recorded without a parent. */
  readonly #parents = new BoundedMap<string, string>(REMEMBERED_SPANS);
  /** Our spans, and others that were charged: their descendants are parts of the same call. */
  readonly #charged = new BoundedMap<string, true>(REMEMBERED_SPANS);
  /** Ancestors of charged spans: the call that they report is already charged. */
  readonly #chargedAncestors = new BoundedMap<string, true>(REMEMBERED_SPANS);
  readonly #calls = new DuplicateCallDetector();
  /** Spans of other instrumentations that may report one of our open calls. */
  readonly #waiting: ReportedCall[] = [];
  readonly #unpricedModels = new SeenOnce();
  /** Budgets of spans that were started within `withBudget`. */
  readonly #budgets = new WeakMap<object, TokenBudgetTracker>();

  constructor(options: { tracker: TokenBudgetTracker; prices: PriceBook }) {
    markMetered('spans');
    this.#tracker = options.tracker;
    this.#prices = options.prices;
  }

  /**
   * Remembers the tree of spans, so that ancestors and descendants of a charged call are not charged again.
   */
  onStart(span: SdkSpan, parentContext: Context): void {
    failOpen('observing the start of a span', () => this.#observeStart(span, parentContext));
  }

  /**
   * Settles the charge while the span is still open, so that thresholds it crosses become events of the span.
   * SDKs before 2.0 do not call it: there, {@link onEnd} settles.
   */
  onEnding(span: object): void {
    failOpen('settling a charge', () => settle(span));
  }

  /** Settles the charge of one of our calls, or charges a call reported by another instrumentation. */
  onEnd(span: EndedSpan): void {
    const isOurs = failOpen('reading a span', () => scopeNameOf(span) === SCOPE);
    if (isOurs === true) failOpen('settling a charge', () => settle(span));
    failOpen('charging a span of another instrumentation', () => {
      if (isOurs !== true) {
        this.#readCall(span);
        return;
      }
      this.#calls.openSpans.delete(span);
      const hasUsage = span.attributes[semconv.ATTR_USAGE_INPUT_TOKENS] !== undefined;
      if (hasUsage) this.#calls.chargedCalls.push({ span });
      if (this.#waiting.length > 0) this.#chargeUnreported(this.#waiting.splice(0));
    });
  }

  /** Does nothing: the processor exports nothing. */
  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  /** Charges the spans that still wait for one of our calls to end. */
  shutdown(): Promise<void> {
    failOpen('charging spans at the end', () => {
      for (const call of this.#waiting.splice(0))
        if (!this.#calls.isDuplicate(call.span, call.reported)) this.#charge(call);
    });
    return Promise.resolve();
  }

  #observeStart(span: SdkSpan, parentContext: Context): void {
    const { spanId } = span.spanContext();
    const parentId = trace.getSpanContext(parentContext)?.spanId;
    const isOurs = scopeNameOf(span) === SCOPE;
    if (parentId !== undefined && (isOurs || readSpanKind(span.attributes ?? {}) !== 'other'))
      this.#parents.set(spanId, parentId);
    if (isOurs) {
      this.#markCharged(spanId);
      this.#calls.openSpans.add(span as EndedSpan);
      return;
    }
    const budget = budgetOfCall(this.#tracker, parentContext);
    if (budget !== this.#tracker) this.#budgets.set(span, budget);
  }

  /** Charges a span of another instrumentation, unless an ancestor or descendant reports the same call. */
  #readCall(span: EndedSpan): void {
    if (!isModelCall(span.attributes) || this.#isCharged(span.spanContext().spanId)) return;
    const tracker = this.#budgets.get(span) ?? this.#tracker;
    const reported = readSpanUsage(span.attributes);
    if (reported === undefined) this.#reportMissingUsage(span, tracker);
    else this.#chargeUnreported([{ span, reported, tracker }]);
  }

  /** Charges calls that no other span has reported, once none of our open calls can be the same. */
  #chargeUnreported(calls: readonly ReportedCall[]): void {
    for (const call of calls) {
      if (this.#calls.isDuplicate(call.span, call.reported)) continue;
      if (this.#calls.mayBeOpen(call.span, call.reported)) this.#waiting.push(call);
      else this.#charge(call);
    }
  }

  #charge({ span, reported, tracker }: ReportedCall): void {
    this.#calls.chargedCalls.push({ span, usage: reported });
    this.#markCharged(span.spanContext().spanId);
    const card = lookUpPrice(reported, this.#prices);
    const event = callEvent(tracker.budget.name, span, reported, card);
    context.with(trace.setSpanContext(context.active(), span.spanContext()), () => {
      if (card.source === 'family' || card.source === 'none') this.#reportUnknownPrice(card, tracker);
      tracker.emit(event);
      void ignoreRejection(tracker.chargeInBackground(event.charged));
    });
  }

  #reportUnknownPrice({ model, pricedAs }: RateCard, tracker: TokenBudgetTracker): void {
    if (!this.#unpricedModels.isNew(model)) return;
    const budget = tracker.budget.name;
    tracker.emit({ type: 'price_unknown', budget, model, ...(pricedAs === undefined ? {} : { pricedAs }) });
  }

  /** Emits `usage_missing`, except for a failed call, which has no usage. */
  #reportMissingUsage({ attributes, status }: EndedSpan, tracker: TokenBudgetTracker): void {
    if (status.code === SpanStatusCode.ERROR) return;
    tracker.emit({
      type: 'usage_missing',
      budget: tracker.budget.name,
      model: readModel(attributes),
      reason: 'absent',
      problems: [],
      charged: 'nothing',
    });
  }

  #isCharged(spanId: string): boolean {
    return (
      this.#chargedAncestors.has(spanId) ||
      this.#ancestors(spanId).some((ancestor) => this.#charged.has(ancestor))
    );
  }

  #markCharged(spanId: string): void {
    this.#charged.set(spanId, true);
    for (const ancestor of this.#ancestors(spanId)) this.#chargedAncestors.set(ancestor, true);
  }

  /** Returns the remembered ancestors of a span, nearest first. */
  #ancestors(spanId: string): string[] {
    const ancestors: string[] = [];
    let at = this.#parents.get(spanId);
    while (at !== undefined && ancestors.length < MAX_DEPTH) {
      ancestors.push(at);
      at = this.#parents.get(at);
    }
    return ancestors;
  }
}

function lookUpPrice({ model, provider }: SpanUsage, prices: PriceBook): RateCard {
  return prices.lookupSpent({ model, ...(provider === undefined ? {} : { provider }) });
}

function callEvent(budget: string, span: EndedSpan, reported: SpanUsage, card: RateCard): CallEvent {
  const { usage, model, serviceTier } = reported;
  const operation = span.attributes[semconv.ATTR_OPERATION_NAME];
  const responseId = readResponseId(span.attributes);
  const costNanoUsd = priceUsage(card, usage, { serviceTier });
  return {
    type: 'call',
    origin: 'span',
    budget,
    operation: typeof operation === 'string' ? operation : 'chat',
    model,
    ...(responseId === undefined ? {} : { responseId }),
    stream: false,
    usage,
    charged: { costNanoUsd, tokens: totalTokens(usage), calls: 1 },
    attempts: NOTHING,
    source: 'response',
    durationMs: durationMs(span),
  };
}

/** High-resolution times are seconds and nanoseconds. */
function durationMs({ startTime, endTime }: EndedSpan): number {
  return (endTime[0] - startTime[0]) * 1_000 + (endTime[1] - startTime[1]) / 1_000_000;
}

function settle(span: object): void {
  void ignoreRejection((span as ChargeableSpan)[PENDING_CHARGE]?.settle());
}
