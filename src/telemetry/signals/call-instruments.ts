import type { UsageKind } from '../../usage/index.ts';
import { type Counter, createHistogram, type Histogram, type Meter } from '../api/index.ts';
import { semconv } from '../names/index.ts';
import { type ConventionInstruments, createConventionInstruments } from './convention-instruments.ts';

/** The instruments that record calls. */
export interface CallInstruments {
  /** Those of the conventions. */
  readonly conventions: ConventionInstruments;
  /** USD charged. */
  readonly cost: Counter;
  /** USD charged for a call. */
  readonly callCost: Histogram;
  /** Tokens by kind. */
  readonly kinds: Counter;
  /** Calls by admission decision. */
  readonly calls: Counter;
}

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
    conventions: createConventionInstruments(meter),
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
