import type { Counter, Histogram, Meter } from '@opentelemetry/api';
import type { UsageKind } from '../../usage/index.ts';
import { semconv } from '../names/index.ts';

/** The instruments that measure calls. */
export interface CallInstruments {
  readonly tokens: Histogram;
  readonly duration: Histogram;
  /** Seconds to the first chunk of a stream. */
  readonly firstChunk: Histogram;
  /** USD charged. */
  readonly cost: Counter;
  /** USD charged for a call. */
  readonly callCost: Histogram;
  /** Tokens by kind. */
  readonly kinds: Counter;
  /** Calls by the decision of their admission. */
  readonly calls: Counter;
}

/** Buckets as the conventions recommend: powers of four tokens, doubling hundredths of a second. */
const TOKEN_BUCKETS = Array.from({ length: 14 }, (_, index) => 4 ** index);
const DURATION_BUCKETS = Array.from({ length: 14 }, (_, index) => 0.01 * 2 ** index);

/** USD of one call: 1, 2 and 5 of each power of ten, from a thousandth of a cent to 100 dollars. */
const COST_BUCKETS = [-5, -4, -3, -2, -1, 0, 1].flatMap((power) =>
  [1, 2, 5].map((digit) => Number(`${digit}e${power}`)),
);

/** The kinds of tokens as the metric names them. */
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

export function createCallInstruments(meter: Meter): CallInstruments {
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
    firstChunk: meter.createHistogram(semconv.METRIC_TIME_TO_FIRST_CHUNK, {
      unit: 's',
      description: 'Time from the start of a streamed call to its first chunk.',
      advice: { explicitBucketBoundaries: DURATION_BUCKETS },
    }),
    cost: meter.createCounter(semconv.METRIC_COST, {
      unit: '{USD}',
      description: 'What calls were charged.',
    }),
    callCost: meter.createHistogram(semconv.METRIC_CALL_COST, {
      unit: '{USD}',
      description: 'What one call was charged.',
      advice: { explicitBucketBoundaries: COST_BUCKETS },
    }),
    kinds: meter.createCounter(semconv.METRIC_TOKENS, {
      unit: '{token}',
      description: 'Tokens by kind. Kinds other than input and output are parts of these.',
    }),
    calls: meter.createCounter(semconv.METRIC_CALLS, {
      unit: '{call}',
      description: 'Calls by what admission said of them: admit, clamp or deny.',
    }),
  };
}
