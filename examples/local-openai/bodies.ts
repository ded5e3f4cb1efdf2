import type { AccountEntry } from './account.ts';
import type { JsonObject } from './json.ts';
import type { Reply } from './model.ts';
import { decode, encode } from './tokens.ts';

/** A reply, cut to the output cap of its request. */
export interface Output {
  readonly reply: Reply;
  readonly tokens: readonly number[];
  readonly cut: boolean;
}

export function outputOf(reply: Reply, request: JsonObject): Output {
  const prefix = 'tool' in reply ? encode(reply.tool).length : 0;
  const all = encode('tool' in reply ? reply.args : reply.text);
  const cap = capOf(request);
  const tokens = all.slice(0, Math.max(0, cap - prefix));
  const text = decode(tokens);
  return {
    reply: 'tool' in reply ? { tool: reply.tool, args: text } : { text },
    tokens: [...new Array<number>(Math.min(prefix, cap)).fill(0), ...tokens],
    cut: tokens.length < all.length,
  };
}

function capOf(request: JsonObject): number {
  const caps = ['max_completion_tokens', 'max_output_tokens', 'max_tokens'].map((name) => request[name]);
  return Math.min(...caps.filter((cap) => typeof cap === 'number'));
}

/** A chat completion. */
export function chatBody(n: number, model: string, output: Output, usage: JsonObject): JsonObject {
  const { reply, cut } = output;
  const call = 'tool' in reply;
  const message = call
    ? { role: 'assistant', content: null, refusal: null, tool_calls: [toolCall(n, reply)] }
    : { role: 'assistant', content: reply.text, refusal: null };
  const finish = cut ? 'length' : call ? 'tool_calls' : 'stop';
  return {
    ...chatHead(n, model, 'chat.completion'),
    choices: [{ index: 0, message, logprobs: null, finish_reason: finish }],
    usage,
  };
}

function toolCall(n: number, reply: { tool: string; args: string }): JsonObject {
  return { id: `call_${n}`, type: 'function', function: { name: reply.tool, arguments: reply.args } };
}

function chatHead(n: number, model: string, object: string): JsonObject {
  return {
    id: `chatcmpl-local-${n}`,
    object,
    created: Math.floor(Date.now() / 1000),
    model,
    service_tier: 'default',
  };
}

/** A chunk of a chat stream. */
export function chatChunk(n: number, model: string, delta: JsonObject, finish: string | null): JsonObject {
  return {
    ...chatHead(n, model, 'chat.completion.chunk'),
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  };
}

/** The chunk that carries the usage of a chat stream. */
export function usageChunk(n: number, model: string, usage: JsonObject): JsonObject {
  return { ...chatHead(n, model, 'chat.completion.chunk'), choices: [], usage };
}

export function chatUsage({ input, cached, output }: AccountEntry): JsonObject {
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  };
}

/** A body of the Responses API. */
export function responseBody(n: number, entry: AccountEntry, output: Output): JsonObject {
  const text = 'text' in output.reply ? output.reply.text : '';
  const status = output.cut ? 'incomplete' : 'completed';
  return {
    id: `resp_local_${n}`,
    object: 'response',
    created_at: Math.floor(Date.now() / 1000),
    status,
    error: null,
    incomplete_details: output.cut ? { reason: 'max_output_tokens' } : null,
    model: entry.model,
    output: [
      {
        id: `msg_local_${n}`,
        type: 'message',
        role: 'assistant',
        status,
        content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
      },
    ],
    service_tier: 'default',
    usage: {
      input_tokens: entry.input,
      input_tokens_details: { cached_tokens: entry.cached },
      output_tokens: entry.output,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: entry.input + entry.output,
    },
  };
}
