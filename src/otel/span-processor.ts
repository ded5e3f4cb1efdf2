import { type Context, diag, trace } from '@opentelemetry/api';
import type { ReadableSpan, Span, SpanProcessor } from '@opentelemetry/sdk-trace';
import { chargeOf, type TokenBudgetTracker } from '../budget/index.ts';
import { costOf, type PriceBook, ratesFor, ratesOfTier } from '../pricing/index.ts';
import { totalTokens } from '../usage/index.ts';
import { isModelCall, usageOfSpan } from './llm-span.ts';

/** The most spans remembered of each kind; spans that never end cannot grow it. */
const MAX_REMEMBERED = 10_000;

/**
 * Feeds the budget from spans, sampled or not. A span of ours settles its reservation; a model call's span of another
 * instrumentation is charged by its usage, unless it stands above or below one of ours for the same call.
 */
export class BudgetSpanProcessor implements SpanProcessor {
  readonly #tracker: TokenBudgetTracker;
  readonly #prices: PriceBook;
  /** Spans above one of ours: what they tell of its call is charged already. */
  readonly #above = new Set<string>();
  /** Spans of ours that are open: what stands below them is a part of their call. */
  readonly #ours = new Set<string>();

  constructor(options: { tracker: TokenBudgetTracker; prices: PriceBook }) {
    this.#tracker = options.tracker;
    this.#prices = options.prices;
  }

  onStart(span: Span, parentContext: Context): void {
    if (span.instrumentationScope.name !== OUR_SCOPE) return;
    const parent = trace.getSpanContext(parentContext);
    if (parent !== undefined) remember(this.#above, parent.spanId);
    remember(this.#ours, span.spanContext().spanId);
  }

  /** Before the span is closed, so that thresholds that it crosses become events of it. */
  onEnding(span: Span): void {
    this.#settle(span);
  }

  onEnd(span: ReadableSpan): void {
    if (span.instrumentationScope.name === OUR_SCOPE) this.#settle(span);
    else this.#charge(span);
    const { spanId } = span.spanContext();
    this.#above.delete(spanId);
    this.#ours.delete(spanId);
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }

  #settle(span: object): void {
    try {
      void chargeOf(span)?.settle();
    } catch (error) {
      diag.error('otel-token-budget: a charge failed', error);
    }
  }

  #charge(span: ReadableSpan): void {
    if (!isModelCall(span.attributes)) return;
    const { spanId } = span.spanContext();
    const parentId = span.parentSpanContext?.spanId;
    if (this.#above.has(spanId) || (parentId !== undefined && this.#ours.has(parentId))) return;
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
      void this.#tracker.charge(used);
    } catch (error) {
      diag.error('otel-token-budget: a span of another instrumentation could not be charged', error);
    }
  }
}

/** The instrumentation scope of our own spans. */
export const OUR_SCOPE = 'otel-token-budget';

function remember(ids: Set<string>, spanId: string): void {
  if (ids.size >= MAX_REMEMBERED) ids.clear();
  ids.add(spanId);
}
