import { type Context, diag, trace } from '@opentelemetry/api';
import type { ReadableSpan, Span, SpanProcessor } from '@opentelemetry/sdk-trace';
import { chargeOf, quietly, type TokenBudgetTracker } from '../budget/index.ts';
import { costOf, type PriceBook, ratesFor, ratesOfTier } from '../pricing/index.ts';
import { totalTokens } from '../usage/index.ts';
import { isModelCall, usageOfSpan } from './llm-span.ts';

/** The most spans remembered of each kind. A child may end after its parent, so none is forgotten at its end. */
const MAX_REMEMBERED = 10_000;

/** How far up a trace is looked. */
const MAX_DEPTH = 64;

/**
 * Feeds the budget from spans, sampled or not. A span of ours settles its reservation; a model call's span of another
 * instrumentation is charged by its usage, unless it stands above or below one of ours for the same call.
 */
export class BudgetSpanProcessor implements SpanProcessor {
  readonly #tracker: TokenBudgetTracker;
  readonly #prices: PriceBook;
  /** Of each span, the one above it. */
  readonly #parents = new Map<string, string>();
  /** Spans above one of ours: what they tell of its call is charged already. */
  readonly #above = new Map<string, true>();
  /** Spans of ours: what stands below them is a part of their call. */
  readonly #ours = new Map<string, true>();

  constructor(options: { tracker: TokenBudgetTracker; prices: PriceBook }) {
    this.#tracker = options.tracker;
    this.#prices = options.prices;
  }

  /** Remembers the tree of spans, so that what stands above or below a call of ours is not charged again. */
  onStart(span: Span, parentContext: Context): void {
    const { spanId } = span.spanContext();
    const parentId = trace.getSpanContext(parentContext)?.spanId;
    if (parentId !== undefined) remember(this.#parents, spanId, parentId);
    if (span.instrumentationScope.name !== OUR_SCOPE) return;
    remember(this.#ours, spanId, true);
    for (const ancestor of this.#ancestors(spanId)) remember(this.#above, ancestor, true);
  }

  /** Before the span is closed, so that thresholds that it crosses become events of it. */
  onEnding(span: Span): void {
    this.#settle(span);
  }

  /** Settles the charge of a call of ours; charges another instrumentation's. */
  onEnd(span: ReadableSpan): void {
    if (span.instrumentationScope.name === OUR_SCOPE) this.#settle(span);
    else this.#charge(span);
  }

  /** Nothing is kept that would have to be sent. */
  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  /** Nothing is held that would have to be let go of. */
  shutdown(): Promise<void> {
    return Promise.resolve();
  }

  #settle(span: object): void {
    try {
      void quietly(chargeOf(span)?.settle());
    } catch (error) {
      diag.error('otel-token-budget: a charge failed', error);
    }
  }

  #charge(span: ReadableSpan): void {
    if (!isModelCall(span.attributes)) return;
    const { spanId } = span.spanContext();
    if (this.#above.has(spanId) || this.#ancestors(spanId).some((ancestor) => this.#ours.has(ancestor)))
      return;
    try {
      const seen = usageOfSpan(span.attributes);
      if (seen === undefined) return;
      const card = this.#prices.lookup({ model: seen.model });
      const rates = ratesOfTier(
        ratesFor(card.tiers, seen.usage.input),
        seen.serviceTier,
        card.pricedAs ?? card.model,
      );
      const used = { costNanoUsd: costOf(seen.usage, rates), tokens: totalTokens(seen.usage), calls: 1 };
      void quietly(this.#tracker.charge(used));
    } catch (error) {
      diag.error('otel-token-budget: a span of another instrumentation could not be charged', error);
    }
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

/** The instrumentation scope of our own spans. */
export const OUR_SCOPE = 'otel-token-budget';

/** Remembers for a bounded number of spans; the oldest are forgotten first. */
function remember<T>(of: Map<string, T>, spanId: string, value: T): void {
  of.set(spanId, value);
  if (of.size <= MAX_REMEMBERED) return;
  for (const oldest of of.keys()) {
    of.delete(oldest);
    break;
  }
}
