import { type Counter, createHistogram, type Histogram, type Meter } from '../api/index.ts';
import { semconv } from '../names/index.ts';

/** The instruments of the conventions: what the service reports of inference, of embeddings and of other operations. */
export interface ConventionInstruments {
  /** Seconds that a call took, by the kind of its operation. */
  readonly duration: {
    readonly inference: Histogram;
    readonly embeddings: Histogram;
    readonly other: Histogram;
  };
  /** Seconds to the first chunk of a stream. */
  readonly firstChunk: Histogram;
  /** Seconds from one chunk of a stream to the next. */
  readonly outputChunk: Histogram;
  /** Tokens of one call. */
  readonly tokens: { readonly input: Histogram; readonly output: Histogram; readonly embeddings: Histogram };
  /** Tokens of all calls, by modality. */
  readonly usage: {
    readonly input: Counter;
    readonly output: Counter;
    readonly cacheRead: Counter;
    readonly cacheWrite: Counter;
    readonly reasoning: Counter;
  };
}

/** Buckets as recommended by the conventions: powers of 4 tokens; seconds doubling from 0.01. */
const TOKEN_BUCKETS = Array.from({ length: 14 }, (_, index) => 4 ** index);
const DURATION_BUCKETS = Array.from({ length: 14 }, (_, index) => 0.01 * 2 ** index);

/** Creates the instruments of the conventions. */
export function createConventionInstruments(meter: Meter): ConventionInstruments {
  const seconds = (name: string, description: string): Histogram =>
    createHistogram(meter, name, DURATION_BUCKETS, { unit: 's', description });
  const tokens = (name: string, description: string): Histogram =>
    createHistogram(meter, name, TOKEN_BUCKETS, { unit: '{token}', description });
  const usage = (name: string, description: string): Counter =>
    meter.createCounter(name, { unit: '{token}', description });
  return {
    duration: {
      inference: seconds(semconv.METRIC_INFERENCE_DURATION, 'Duration of a call that generates output.'),
      embeddings: seconds(semconv.METRIC_EMBEDDINGS_DURATION, 'Duration of a call for embeddings.'),
      other: seconds(semconv.METRIC_OPERATION_DURATION, 'Duration of a call that starts a run.'),
    },
    firstChunk: seconds(
      semconv.METRIC_TIME_TO_FIRST_CHUNK,
      'Time from the start of a streamed call to its first chunk.',
    ),
    outputChunk: seconds(
      semconv.METRIC_TIME_PER_OUTPUT_CHUNK,
      'Time from one chunk of a stream to the next.',
    ),
    tokens: {
      input: tokens(semconv.METRIC_INFERENCE_INPUT_TOKENS, 'Input tokens of one call.'),
      output: tokens(semconv.METRIC_INFERENCE_OUTPUT_TOKENS, 'Output tokens of one call.'),
      embeddings: tokens(semconv.METRIC_EMBEDDINGS_INPUT_TOKENS, 'Input tokens of one call for embeddings.'),
    },
    usage: {
      input: usage(semconv.METRIC_USAGE_INPUT, 'Input tokens of all kinds.'),
      output: usage(semconv.METRIC_USAGE_OUTPUT, 'Output tokens of all kinds.'),
      cacheRead: usage(semconv.METRIC_USAGE_CACHE_READ, 'Input tokens read from the cache.'),
      cacheWrite: usage(semconv.METRIC_USAGE_CACHE_WRITE, 'Input tokens written to the cache.'),
      reasoning: usage(semconv.METRIC_USAGE_REASONING, 'Output tokens of reasoning.'),
    },
  };
}
