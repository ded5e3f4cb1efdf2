import type { Attributes, Context, Link, SpanKind } from '@opentelemetry/api';
import type { Sampler, SamplingDecision, SamplingResult } from '@opentelemetry/sdk-trace';
import { isModelCall } from './span-usage.ts';

/** Of `SamplingDecision`, for which no SDK needs to be loaded. */
const NOT_RECORD: SamplingDecision.NOT_RECORD = 0;
const RECORD: SamplingDecision.RECORD = 1;

/**
 * Leaves every decision to the user's sampler, but records (does not sample) the model calls that it drops,
 * so that their usage is charged and they are still not exported.
 */
export class RecordModelCallsSampler implements Sampler {
  readonly #delegate: Sampler;

  constructor(delegate: Sampler) {
    this.#delegate = delegate;
  }

  /**
   * What the user's sampler says, but for spans of model calls that it drops: those are recorded, not
   * sampled.
   */
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

  toString(): string {
    return `RecordModelCallsSampler{${this.#delegate.toString()}}`;
  }
}
