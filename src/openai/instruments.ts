import type { Attributes, Counter, Histogram, Meter } from '@opentelemetry/api';
import * as semconv from '../otel/semconv.ts';

/** The metrics of calls. */
export interface Instruments {
  readonly tokens: Histogram;
  readonly duration: Histogram;
  /** USD charged. */
  readonly cost: Counter;
  /** Calls by what admission said. */
  readonly calls: Counter;
}

/** Buckets as the conventions recommend: powers of four tokens, doubling hundredths of a second. */
const TOKEN_BUCKETS = Array.from({ length: 14 }, (_, index) => 4 ** index);
const DURATION_BUCKETS = Array.from({ length: 14 }, (_, index) => 0.01 * 2 ** index);

export function createInstruments(meter: Meter): Instruments {
  return {
    tokens: meter.createHistogram(semconv.METRIC_TOKEN_USAGE, {
      unit: '{token}',
      description: 'Number of input and output tokens used.',
      advice: { explicitBucketBoundaries: TOKEN_BUCKETS },
    }),
    duration: meter.createHistogram(semconv.METRIC_OPERATION_DURATION, {
      unit: 's',
      description: 'GenAI operation duration.',
      advice: { explicitBucketBoundaries: DURATION_BUCKETS },
    }),
    cost: meter.createCounter(semconv.METRIC_COST, {
      unit: '{USD}',
      description: 'What calls were charged.',
    }),
    calls: meter.createCounter(semconv.METRIC_CALLS, {
      unit: '{call}',
      description: 'Calls by what admission said of them: admit, clamp or deny.',
    }),
  };
}

/** Records the tokens of a call, as input and output. */
export function recordTokens(
  instruments: Instruments,
  usage: { input: number; output: number },
  hasOutput: boolean,
  attributes: Attributes,
): void {
  instruments.tokens.record(usage.input, { ...attributes, [semconv.ATTR_TOKEN_TYPE]: 'input' });
  if (hasOutput)
    instruments.tokens.record(usage.output, { ...attributes, [semconv.ATTR_TOKEN_TYPE]: 'output' });
}
