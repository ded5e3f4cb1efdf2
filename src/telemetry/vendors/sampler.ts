import type { Attributes, Context, Link, SpanKind } from '../api/index.ts';
import { isModelCall } from './span-usage.ts';

/** Values of `SamplingDecision`, which are the same in every SDK. */
const NOT_RECORD = 0;
const RECORD = 1;

/** A sampler of any SDK from 1.x to 3.x. */
export interface SdkSampler<Result extends { readonly decision: number }> {
  /** Decides whether a span is recorded and sampled. */
  shouldSample(
    context: Context,
    traceId: string,
    spanName: string,
    spanKind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): Result;
}

/**
 * Delegates to the user's sampler, but records the model calls that it drops. Their usage is charged, and
 * they are still not exported, because they are recorded without being sampled.
 *
 * @typeParam Result what the samplers of the SDK return, its `SamplingResult`
 * @example
 * const sampler = new RecordModelCallsSampler(new TraceIdRatioBasedSampler(0.01));
 */
export class RecordModelCallsSampler<Result extends { readonly decision: number }>
  implements SdkSampler<Result>
{
  readonly #delegate: SdkSampler<Result>;

  constructor(delegate: SdkSampler<Result>) {
    this.#delegate = delegate;
  }

  /** Returns the decision of the user's sampler, or `RECORD` for a model call that it drops. */
  shouldSample(
    context: Context,
    traceId: string,
    spanName: string,
    spanKind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): Result {
    const result = this.#delegate.shouldSample(context, traceId, spanName, spanKind, attributes, links);
    if (result.decision !== NOT_RECORD || !isModelCall(attributes)) return result;
    return { ...result, decision: RECORD };
  }

  /** Returns a description that includes the user's sampler. */
  toString(): string {
    return `RecordModelCallsSampler{${String(this.#delegate)}}`;
  }
}
