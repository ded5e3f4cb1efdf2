import { type TokenUsage, tokenUsage } from '../../src/usage/token-usage.ts';
import type { OwnExchange } from '../support/exchange.ts';
import type { JsonObject } from '../support/json.ts';
import { chatEvents, namedEvents } from '../support/sse.ts';

/** 2026-03-02T09:00:00Z: all our answers were given then. */
export const CREATED = 1_772_442_000;

type Described = Pick<OwnExchange, 'id' | 'covers' | 'request'> &
  Partial<Pick<OwnExchange, 'provider' | 'status' | 'contentType' | 'headers'>> & {
    readonly expected?: Partial<TokenUsage>;
  };

function exchange(path: string, described: Described, answer: Partial<OwnExchange>): OwnExchange {
  const { expected, ...rest } = described;
  return {
    provider: 'openai',
    path,
    status: 200,
    contentType: 'application/json',
    stream: false,
    response: null,
    ...answer,
    ...rest,
    ...(expected === undefined ? {} : { expected: tokenUsage(expected) }),
  };
}

/** An exchange with a JSON answer, or with a text that pretends to be one. */
export function jsonExchange(path: string, described: Described, response: unknown): OwnExchange {
  return exchange(path, described, { response });
}

const EVENT_STREAM = { contentType: 'text/event-stream; charset=utf-8', stream: true };

/** A chat or completions stream; `usageChunk` is what the service adds when asked for usage. */
export function chunkedExchange(
  path: string,
  described: Described,
  chunks: readonly JsonObject[],
  usageChunk?: JsonObject,
): OwnExchange {
  const usage = usageChunk === undefined ? {} : { usageChunk };
  return exchange(path, described, { ...EVENT_STREAM, response: chatEvents(chunks), ...usage });
}

/** A stream of the Responses API. */
export function eventExchange(
  path: string,
  described: Described,
  events: readonly JsonObject[],
): OwnExchange {
  return exchange(path, described, { ...EVENT_STREAM, response: namedEvents(events) });
}

/** Usage of chat and completions. Details are named after the API's, without `_tokens`. */
export function chatUsage(
  prompt: number,
  completion: number,
  details: { readonly prompt?: Record<string, number>; readonly completion?: Record<string, number> } = {},
): JsonObject {
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0, ...details.prompt },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
      ...details.completion,
    },
  };
}

/** Usage of the Responses API. */
export function responseUsage(
  input: number,
  output: number,
  details: { readonly cached?: number; readonly cacheWrite?: number; readonly reasoning?: number } = {},
): JsonObject {
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: details.cached ?? 0,
      ...(details.cacheWrite === undefined ? {} : { cache_write_tokens: details.cacheWrite }),
    },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: details.reasoning ?? 0 },
    total_tokens: input + output,
  };
}

/** A chat completion: `choices` in full, or one text that ended by itself. */
export function chatBody(
  model: string,
  choices: readonly JsonObject[] | string,
  usage?: unknown,
): JsonObject {
  return {
    id: `chatcmpl-own-${model}`,
    object: 'chat.completion',
    created: CREATED,
    model,
    choices: typeof choices === 'string' ? [textChoice(choices)] : choices,
    ...(usage === undefined ? {} : { usage }),
    service_tier: 'default',
    system_fingerprint: 'fp_own0000001',
  };
}

/** A choice that holds a text. */
export function textChoice(content: string, index = 0, finish = 'stop'): JsonObject {
  return {
    index,
    message: { role: 'assistant', content, refusal: null, annotations: [] },
    logprobs: null,
    finish_reason: finish,
  };
}

/** A chunk of a chat stream: one choice's delta. */
export function chatChunk(
  model: string,
  delta: JsonObject,
  finish: string | null = null,
  index = 0,
): JsonObject {
  return chunk(model, [{ index, delta, logprobs: null, finish_reason: finish }]);
}

/** The chunk that carries the usage: no choices. */
export function usageChunk(model: string, usage: JsonObject): JsonObject {
  return { ...chunk(model, []), usage };
}

function chunk(model: string, choices: readonly JsonObject[]): JsonObject {
  return {
    id: `chatcmpl-own-${model}`,
    object: 'chat.completion.chunk',
    created: CREATED,
    model,
    service_tier: 'default',
    system_fingerprint: 'fp_own0000001',
    choices,
  };
}

/** A streamed text as chunks: a role, the words, an end. */
export function textChunks(model: string, text: string, index = 0): JsonObject[] {
  const words = text.match(/\s*\S+/g) ?? [];
  return [
    chatChunk(model, { role: 'assistant', content: '', refusal: null }, null, index),
    ...words.map((content) => chatChunk(model, { content }, null, index)),
    chatChunk(model, {}, 'stop', index),
  ];
}

/** A body of the Responses API. */
export function responseBody(
  model: string,
  output: readonly JsonObject[],
  rest: JsonObject = {},
): JsonObject {
  return {
    id: `resp_own_${model}`,
    object: 'response',
    created_at: CREATED,
    status: 'completed',
    background: false,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    model,
    output,
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    service_tier: 'default',
    store: true,
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    truncation: 'disabled',
    usage: null,
    metadata: {},
    ...rest,
  };
}

/** An output item of the Responses API that holds a text. */
export function textItem(text: string, status = 'completed'): JsonObject {
  const content =
    status === 'completed' ? [{ type: 'output_text', annotations: [], logprobs: [], text }] : [];
  return { id: 'msg_own_1', type: 'message', status, role: 'assistant', content };
}
