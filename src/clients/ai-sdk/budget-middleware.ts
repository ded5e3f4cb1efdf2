import { context } from '@opentelemetry/api';
import {
  type BudgetOptions,
  beginSafely,
  type Call,
  endIfDropped,
  meteredStream,
  preloaded,
  safely,
  sendCounted,
  userHost,
} from '../../calls/index.ts';
import type { CallPlan } from '../../providers/index.ts';
import { PartSink } from './part-sink.ts';
import { chatPlan, embeddingPlan, type Model, type Params } from './plan.ts';
import { chatAnswerOf, embeddingAnswerOf } from './result.ts';

/**
 * A middleware of the AI SDK, for `wrapLanguageModel` and `wrapEmbeddingModel`. Its types are those of no release: it fits those
 * of AI SDK 5 to 7.
 */
export interface BudgetMiddleware {
  readonly specificationVersion: 'v3';
  /** Around a whole answer. */
  readonly wrapGenerate: <R>(options: {
    doGenerate: () => PromiseLike<R>;
    params: object;
    model: Model;
  }) => Promise<R>;
  /** Around a stream. */
  readonly wrapStream: <R>(options: {
    doStream: () => PromiseLike<R>;
    params: object;
    model: Model;
  }) => Promise<R>;
  /** Around embeddings. */
  readonly wrapEmbed: <R>(options: {
    doEmbed: () => PromiseLike<R>;
    params: object;
    model: Model;
  }) => Promise<R>;
}

/**
 * Charges the calls of a model of the AI SDK to a budget, whichever provider it is of. Before a call its worst case is reserved,
 * `maxOutputTokens` is lowered where that does not fit, and after it what it used is settled. Streams are metered as they are read. Calls of
 * a middleware are not counted again by a `fetch` of ours or by the preload underneath.
 *
 * A model's call throws a `BudgetExceededError` where the budget cannot pay for it, which the AI SDK does not repeat.
 *
 * @throws NoBudgetError where there is neither a tracker nor a preload
 */
export function budgetMiddleware(options: BudgetOptions = {}): BudgetMiddleware {
  const host = userHost('budgetMiddleware', options, preloaded()?.host);

  async function run<R>(
    makePlan: () => CallPlan | undefined,
    signal: AbortSignal | undefined,
    send: (clampedTo: number | undefined) => PromiseLike<R>,
    over: (result: R, call: Call) => R,
  ): Promise<R> {
    const call = await beginSafely(host, makePlan, signal);
    if (call === undefined) return send(undefined);
    let result: R;
    try {
      result = await sendCounted(() => context.with(call.context, () => send(call.reservation.clampedTo)));
    } catch (error) {
      safely('a failed request', () => call.failed(error, 'request'));
      throw error;
    }
    return safely('an answer', () => over(result, call)) ?? result;
  }

  return {
    specificationVersion: 'v3',
    wrapGenerate: ({ doGenerate, params, model }) =>
      run(
        () => chatPlan(model, params as Params, false),
        (params as Params).abortSignal,
        clamped(model, 'doGenerate', params, doGenerate),
        (result, call) => {
          call.answered(chatAnswerOf(result));
          return result;
        },
      ),
    wrapStream: ({ doStream, params, model }) =>
      run(
        () => chatPlan(model, params as Params, true),
        (params as Params).abortSignal,
        clamped(model, 'doStream', params, doStream),
        streamed,
      ),
    wrapEmbed: ({ doEmbed, params, model }) =>
      run(
        () => embeddingPlan(model, params as Params),
        (params as Params).abortSignal,
        () => doEmbed(),
        (result, call) => {
          call.answered(embeddingAnswerOf(result));
          return result;
        },
      ),
  };
}

/** Sends as the AI SDK would, or to the model underneath with a lower cap: what it gave us has the caller's in it. */
function clamped<R>(
  model: object,
  method: 'doGenerate' | 'doStream',
  params: object,
  send: () => PromiseLike<R>,
) {
  return (clampedTo: number | undefined): PromiseLike<R> => {
    if (clampedTo === undefined) return send();
    const ask = Reflect.get(model, method) as (params: object) => PromiseLike<R>;
    return ask.call(model, { ...params, maxOutputTokens: clampedTo });
  };
}

/** The result with a stream that tells the call of what flows through it. */
function streamed<R>(result: R, call: Call): R {
  const { stream } = result as { stream?: unknown };
  if (!(stream instanceof ReadableStream)) {
    call.abandoned('it has no stream');
    return result;
  }
  const metered = meteredStream(stream, new PartSink(call));
  endIfDropped(metered, call);
  return { ...result, stream: metered };
}
