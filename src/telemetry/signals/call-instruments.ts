import type { UsageKind } from '../../usage/index.ts';
import type { Counter, Histogram, Meter, MetricOptions } from '../api/index.ts';
import { semconv } from '../names/index.ts';

/** The instruments that record calls. */
export interface CallInstruments {
  /** Input and output tokens of a call. */
  readonly tokens: Histogram;
  /** Seconds that a call took. */
  readonly duration: Histogram;
  /** Seconds to the first chunk of a stream. */
  readonly firstChunk: Histogram;
  /** USD charged. */
  readonly cost: Counter;
  /** USD charged for a call. */
  readonly callCost: Histogram;
  /** Tokens by kind. */
  readonly kinds: Counter;
  /** Calls by admission decision. */
  readonly calls: Counter;
}

/** Buckets as recommended by the conventions: powers of 4 tokens; seconds doubling from 0.01. */
const TOKEN_BUCKETS = Array.from({ length: 14 }, (_, index) => 4 ** index);
const DURATION_BUCKETS = Array.from({ length: 14 }, (_, index) => 0.01 * 2 ** index);

/** USD per call: 1, 2 and 5 times each power of ten, from 0.00001 to 50. */
const COST_BUCKETS = [-5, -4, -3, -2, -1, 0, 1].flatMap((power) =>
  [1, 2, 5].map((digit) => Number(`${digit}e${power}`)),
);

/** Names of the kinds of tokens in the metric. */
export const TOKEN_KIND_NAMES: Readonly<Record<UsageKind, string>> = {
  input: 'input',
  cachedInput: 'cached_input',
  cacheWrite: 'cache_write',
  audioInput: 'audio_input',
  imageInput: 'image_input',
  cachedAudioInput: 'cached_audio_input',
  cachedImageInput: 'cached_image_input',
  output: 'output',
  reasoning: 'reasoning',
  audioOutput: 'audio_output',
  imageOutput: 'image_output',
  acceptedPrediction: 'accepted_prediction',
  rejectedPrediction: 'rejected_prediction',
};

/** Creates the instruments that record calls. */
export function createCallInstruments(meter: Meter): CallInstruments {
  return {
    tokens: createHistogram(meter, semconv.METRIC_TOKEN_USAGE, TOKEN_BUCKETS, {
      unit: '{token}',
      description: 'Number of input and output tokens used.',
    }),
    duration: createHistogram(meter, semconv.METRIC_OPERATION_DURATION, DURATION_BUCKETS, {
      unit: 's',
      description: 'GenAI operation duration.',
    }),
    firstChunk: createHistogram(meter, semconv.METRIC_TIME_TO_FIRST_CHUNK, DURATION_BUCKETS, {
      unit: 's',
      description: 'Time from the start of a streamed call to its first chunk.',
    }),
    cost: meter.createCounter(semconv.METRIC_COST, {
      unit: '{USD}',
      description: 'Amount charged for calls.',
    }),
    callCost: createHistogram(meter, semconv.METRIC_CALL_COST, COST_BUCKETS, {
      unit: '{USD}',
      description: 'Amount charged for one call.',
    }),
    kinds: meter.createCounter(semconv.METRIC_TOKENS, {
      unit: '{token}',
      description: 'Tokens by kind. Kinds other than input and output are parts of those two.',
    }),
    calls: meter.createCounter(semconv.METRIC_CALLS, {
      unit: '{call}',
      description: 'Calls by admission decision: admit, clamp or deny.',
    }),
  };
}

/** Earlier SDKs ignore the advice and use their default buckets. */
function createHistogram(
  meter: Meter,
  name: string,
  buckets: readonly number[],
  options: MetricOptions,
): Histogram {
  const advised = { ...options, advice: { explicitBucketBoundaries: [...buckets] } };
  return meter.createHistogram(name, advised);
}
