import { type Attributes, type Context, context, diag, SpanStatusCode, trace } from '@opentelemetry/api';
import type { ReadableSpan, Span, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Amounts, TokenBudgetTracker } from '../../budget/index.ts';
import { type PriceBook, priceUsage } from '../../pricing/index.ts';
import { totalTokens } from '../../usage/index.ts';
import { BoundedMap, ignoreRejection } from '../../util/index.ts';
import { type ChargeableSpan, currentBudget, PENDING_CHARGE } from '../context/index.ts';
import { SCOPE, semconv } from '../names/index.ts';
import { DuplicateCallDetector } from './duplicate-call-detector.ts';
import { isModelCall, readModel, readSpanKind, readSpanUsage, type SpanUsage } from './span-usage.ts';

/**
 * How many spans of each kind are remembered at least. A child may end after its parent, so none is forgotten
 * at its end.
 */
const REMEMBERED = 10_000;

/** What the span of another instrumentation told. */
interface Told {
  readonly span: ReadableSpan;
  readonly seen: SpanUsage;
  readonly tracker: TokenBudgetTracker;
}

/** How far up a trace is looked. */
const MAX_DEPTH = 64;

/**
 * Feeds the budget from spans, sampled or not. A span of ours settles its reservation; a model call's span of
 * another instrumentation is charged by its usage, once: not where one of ours, or one that is charged
 * already, stands above or below it, nor where it tells of a call that is charged already.
 */
export class BudgetSpanProcessor implements SpanProcessor {
  readonly #tracker: TokenBudgetTracker;
  readonly #prices: PriceBook;
  /**
   * Of each span, the one above it. A tool or an agent has calls of its own, so nothing is taken to stand
   * above it.
   */
  readonly #parents = new BoundedMap<string, string>(REMEMBERED);
  /** Spans of ours, and others that were charged: what stands below them is a part of their call. */
  readonly #charged = new BoundedMap<string, true>(REMEMBERED);
  /** Spans above those: what they tell of the call is charged already. */
  readonly #above = new BoundedMap<string, true>(REMEMBERED);
  readonly #calls = new DuplicateCallDetector();
  /** Spans of others that may tell of a call of ours that has not ended yet. */
  readonly #waiting: Told[] = [];
  /** Of spans that were started within a budget of their own, that budget. */
  readonly #budgets = new WeakMap<object, TokenBudgetTracker>();

  constructor(options: { tracker: TokenBudgetTracker; prices: PriceBook }) {
    this.#tracker = options.tracker;
    this.#prices = options.prices;
  }

  /** Remembers the tree of spans, so that spans above or below a metered call are not charged again. */
  onStart(span: Span, parentContext: Context): void {
    const { spanId } = span.spanContext();
    const parentId = trace.getSpanContext(parentContext)?.spanId;
    const isOurs = span.instrumentationScope.name === SCOPE;
    if (parentId !== undefined && (isOurs || readSpanKind(startAttributes(span)) !== 'other'))
      this.#parents.set(spanId, parentId);
    if (isOurs) {
      this.#markCharged(spanId);
      this.#calls.openSpans.add(span as Span & ReadableSpan);
      return;
    }
    const budget = currentBudget(parentContext);
    if (budget !== undefined) this.#budgets.set(span, budget);
  }

  /** Before the span is closed, so that thresholds that it crosses become events of it. */
  onEnding(span: Span): void {
    this.#settle(span);
  }

  /** Settles the charge of a call of ours; charges another instrumentation's. */
  onEnd(span: ReadableSpan): void {
    const ours = span.instrumentationScope.name === SCOPE;
    if (ours) this.#settle(span);
    try {
      if (ours) {
        this.#calls.openSpans.delete(span);
        const hasUsage = span.attributes[semconv.ATTR_USAGE_INPUT_TOKENS] !== undefined;
        if (hasUsage) this.#calls.chargedCalls.push({ span });
        if (this.#waiting.length > 0) this.#decide(this.#waiting.splice(0));
      } else this.#read(span);
    } catch (error) {
      diag.error('otel-token-budget: a span of another instrumentation could not be charged', error);
    }
  }

  /** Nothing is kept that would have to be sent. */
  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  /** Nothing is held that would have to be let go of. */
  shutdown(): Promise<void> {
    for (const told of this.#waiting.splice(0))
      if (!this.#calls.isDuplicate(told.span, told.seen)) this.#charge(told);
    return Promise.resolve();
  }

  #settle(span: object): void {
    try {
      void ignoreRejection((span as ChargeableSpan)[PENDING_CHARGE]?.settle());
    } catch (error) {
      diag.error('otel-token-budget: a charge failed', error);
    }
  }

  /**
   * Takes in what a span of another instrumentation tells, where none of the same call is above or below it.
   */
  #read(span: ReadableSpan): void {
    if (!isModelCall(span.attributes) || this.#isCharged(span.spanContext().spanId)) return;
    const tracker = this.#budgets.get(span) ?? this.#tracker;
    const seen = readSpanUsage(span.attributes);
    if (seen === undefined) this.#tellMissing(span, tracker);
    else this.#decide([{ span, seen, tracker }]);
  }

  /** Charges what no other span told before, once no call of ours is open that it may be. */
  #decide(spans: readonly Told[]): void {
    for (const told of spans) {
      if (this.#calls.isDuplicate(told.span, told.seen)) continue;
      if (this.#calls.mayBeOpen(told.span, told.seen)) this.#waiting.push(told);
      else this.#charge(told);
    }
  }

  #charge({ span, seen, tracker }: Told): void {
    this.#calls.chargedCalls.push({ span, usage: seen });
    this.#markCharged(span.spanContext().spanId);
    const charge = (): void => void ignoreRejection(tracker.charge(amountsOf(seen, this.#prices)));
    context.with(trace.setSpanContext(context.active(), span.spanContext()), charge);
  }

  /** A call that failed has no usage to tell. */
  #tellMissing({ attributes, status }: ReadableSpan, tracker: TokenBudgetTracker): void {
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
    return this.#above.has(spanId) || this.#ancestors(spanId).some((ancestor) => this.#charged.has(ancestor));
  }

  #markCharged(spanId: string): void {
    this.#charged.set(spanId, true);
    for (const ancestor of this.#ancestors(spanId)) this.#above.set(ancestor, true);
  }

  /** The spans above one, as far as they are remembered, nearest first. */
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

function amountsOf(seen: SpanUsage, prices: PriceBook): Amounts {
  const { usage, model, provider, serviceTier } = seen;
  const card = prices.lookup({ model, ...(provider === undefined ? {} : { provider }) });
  return { costNanoUsd: priceUsage(card, usage, { serviceTier }), tokens: totalTokens(usage), calls: 1 };
}

/** The span of an SDK can be read from its start, whatever its type says. */
function startAttributes(span: Span): Attributes {
  return (span as Span & Partial<ReadableSpan>).attributes ?? {};
}
