import type { Attributes, Context, Link, SpanKind } from '@opentelemetry/api';
import type { Sampler, SamplingDecision, SamplingResult } from '@opentelemetry/sdk-trace';
import { isModelCall } from './span-usage.ts';

/** Values of `SamplingDecision`, repeated here so that no SDK has to be loaded. */
const NOT_RECORD: SamplingDecision.NOT_RECORD = 0;
const RECORD: SamplingDecision.RECORD = 1;

/**
 * Delegates to the user's sampler, but records the model calls that it drops. Their usage is charged, and
 * they are still not exported, because they are recorded without being sampled.
 *
 * @example
 * const sampler = new RecordModelCallsSampler(new TraceIdRatioBasedSampler(0.01));
 */
export class RecordModelCallsSampler implements Sampler {
  readonly #delegate: Sampler;

  constructor(delegate: Sampler) {
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
  ): SamplingResult {
    const result = this.#delegate.shouldSample(context, traceId, spanName, spanKind, attributes, links);
    if (result.decision !== NOT_RECORD || !isModelCall(attributes)) return result;
    return { ...result, decision: RECORD };
  }

  /** Returns a description that includes the user's sampler. */
  toString(): string {
    return `RecordModelCallsSampler{${this.#delegate.toString()}}`;
  }
}
