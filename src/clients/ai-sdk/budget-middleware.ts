import {
  abandonIfCollected,
  type BudgetOptions,
  type Call,
  getPreloaded,
  guardStream,
  passOn,
  resolveServices,
  sendInside,
  tryStartCall,
} from '../../calls/index.ts';
import type { CallPlan } from '../../providers/index.ts';
import { failOpen } from '../../telemetry/api/index.ts';
import { markMetered } from '../../telemetry/context/index.ts';
import { PartSink } from './part-sink.ts';
import { chatPlan, embeddingPlan, type Model, type Params } from './plan.ts';
import { chatResponseOf, embeddingResponseOf } from './result.ts';

/**
 * A middleware of the AI SDK, for `wrapLanguageModel` and `wrapEmbeddingModel`. Its types are not taken from
 * one release: they are compatible with AI SDK 5 to 7.
 */
export interface BudgetMiddleware {
  readonly specificationVersion: 'v3';
  /** Wraps a call that is not streamed. */
  readonly wrapGenerate: <R>(options: {
    doGenerate: () => PromiseLike<R>;
    params: object;
    model: Model;
  }) => Promise<R>;
  /** Wraps a call that is streamed. */
  readonly wrapStream: <R>(options: {
    doStream: () => PromiseLike<R>;
    params: object;
    model: Model;
  }) => Promise<R>;
  /** Wraps a call of an embedding model. */
  readonly wrapEmbed: <R>(options: {
    doEmbed: () => PromiseLike<R>;
    params: object;
    model: Model;
  }) => Promise<R>;
}

/**
 * Returns a middleware that charges the calls of an AI SDK model to a budget, whichever its provider.
 * Reserves the worst case before a call, lowers `maxOutputTokens` if that does not fit, and settles what it
 * used afterwards; streams are guarded while they are read. Calls are not metered again by a budgeted `fetch`
 * or the preload.
 *
 * A call throws a `BudgetExceededError` if the budget cannot pay for it; the AI SDK does not retry it.
 *
 * @throws NoBudgetError if there is neither a tracker nor a preload
 * @example
 * const model = wrapLanguageModel({ model: openai('gpt-5.2'), middleware: budgetMiddleware({ tracker }) });
 */
export function budgetMiddleware(options: BudgetOptions = {}): BudgetMiddleware {
  markMetered('ai-sdk');
  const services = resolveServices('budgetMiddleware', options, getPreloaded()?.services);

  async function run<R>(
    makePlan: () => CallPlan | undefined,
    send: (clampedTo: number | undefined) => PromiseLike<R>,
    record: (result: R, call: Call) => R,
  ): Promise<R> {
    const plan = failOpen('planning a call', makePlan);
    const passedOn = passOn(plan, 'middleware', run);
    if (passedOn !== undefined) return sendInside(passedOn, () => send(undefined));
    const call = await tryStartCall(services, plan);
    if (call === undefined) return send(undefined);
    const result = await call.send('middleware', run, () => send(call.reservation.clampedTo));
    return failOpen('recording a response', () => record(result, call)) ?? result;
  }

  return {
    specificationVersion: 'v3',
    wrapGenerate: ({ doGenerate, params, model }) =>
      run(
        () => chatPlan(model, params as Params, false),
        withCap(model, 'doGenerate', params, doGenerate),
        (result, call) => {
          call.recordResponse(chatResponseOf(result));
          return result;
        },
      ),
    wrapStream: ({ doStream, params, model }) =>
      run(
        () => chatPlan(model, params as Params, true),
        withCap(model, 'doStream', params, doStream),
        guardResult,
      ),
    wrapEmbed: ({ doEmbed, params, model }) =>
      run(
        () => embeddingPlan(model, params as Params),
        () => doEmbed(),
        (result, call) => {
          call.recordResponse(embeddingResponseOf(result));
          return result;
        },
      ),
  };
}

/**
 * Sends the call as the AI SDK would. With a lowered cap it calls the model itself, since the AI SDK's
 * function is bound to the caller's cap.
 */
function withCap<R>(
  model: object,
  method: 'doGenerate' | 'doStream',
  params: object,
  send: () => PromiseLike<R>,
) {
  return (clampedTo: number | undefined): PromiseLike<R> => {
    if (clampedTo === undefined) return send();
    const generate = Reflect.get(model, method) as (params: object) => PromiseLike<R>;
    return generate.call(model, { ...params, maxOutputTokens: clampedTo });
  };
}

/** Returns the result with a stream that reports to the call whatever flows through it. */
function guardResult<R>(result: R, call: Call): R {
  const { stream } = result as { stream?: unknown };
  if (!(stream instanceof ReadableStream)) {
    call.abandon('it has no stream');
    return result;
  }
  const guarded = guardStream(stream, new PartSink(call));
  abandonIfCollected(guarded, call);
  return { ...result, stream: guarded };
}
