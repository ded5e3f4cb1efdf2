import type { Histogram, Meter, MetricOptions } from 'opentelemetry-api-1.3';

/**
 * Creates a histogram with buckets, as their upper bounds. An SDK older than this advice uses its default.
 * @example
 * const seconds = createHistogram(meter, 'gen_ai.client.operation.duration', [0.1, 1, 10], { unit: 's' });
 */
export function createHistogram(
  meter: Meter,
  name: string,
  buckets: readonly number[],
  options: MetricOptions,
): Histogram {
  const advised = { ...options, advice: { explicitBucketBoundaries: [...buckets] } };
  return meter.createHistogram(name, advised);
}
