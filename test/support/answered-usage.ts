import { type TokenUsage, tokenUsage } from '../../src/usage/token-usage.ts';
import { isObject, type JsonObject } from './json.ts';
import { eventsOf } from './sse.ts';

/** The `usage` object of a response body or of the last event of a stream that carries one. */
export function rawUsage(response: unknown): JsonObject | undefined {
  if (typeof response === 'string') {
    const told = eventsOf(response).filter((event) => usageOf(event) !== undefined);
    // Anthropic tells the input at the start of a stream and the output at its end.
    const parts = told.at(-1)?.['type'] === 'message_delta' ? told : told.slice(-1);
    return parts.length === 0 ? undefined : Object.assign({}, ...parts.map(usageOf));
  }
  return usageOf(response);
}

function usageOf(body: unknown): JsonObject | undefined {
  if (!isObject(body)) return undefined;
  const inner = [body['response'], body['message'], body].find(isObject) ?? body;
  return isObject(inner['usage']) ? inner['usage'] : undefined;
}

/**
 * What the answering side counts for a `usage` object. Written apart from `src/usage`, so that tests
 * which compare the two compare two readings; it believes the numbers, as the service's bill would.
 */
export function billedUsage(usage: JsonObject): TokenUsage {
  if ('cache_read_input_tokens' in usage) return billedMessages(usage);
  const chat = 'prompt_tokens' in usage;
  const input = part(usage, chat ? 'prompt_tokens_details' : 'input_tokens_details');
  const output = part(usage, chat ? 'completion_tokens_details' : 'output_tokens_details');
  return tokenUsage({
    input: count(usage, chat ? 'prompt_tokens' : 'input_tokens'),
    cachedInput: count(input, 'cached_tokens'),
    cacheWrite: count(input, 'cache_write_tokens'),
    audioInput: count(input, 'audio_tokens'),
    imageInput: count(input, 'image_tokens'),
    output: count(usage, chat ? 'completion_tokens' : 'output_tokens'),
    reasoning: count(output, 'reasoning_tokens'),
    audioOutput: count(output, 'audio_tokens'),
    imageOutput: count(output, 'image_tokens'),
    acceptedPrediction: count(output, 'accepted_prediction_tokens'),
    rejectedPrediction: count(output, 'rejected_prediction_tokens'),
  });
}

/** Of Anthropic: what the cache read and wrote stands beside the input. */
function billedMessages(usage: JsonObject): TokenUsage {
  const cachedInput = count(usage, 'cache_read_input_tokens');
  const cacheWrite = count(usage, 'cache_creation_input_tokens');
  return tokenUsage({
    input: count(usage, 'input_tokens') + cachedInput + cacheWrite,
    cachedInput,
    cacheWrite,
    output: count(usage, 'output_tokens'),
  });
}

function part(usage: JsonObject, name: string): JsonObject {
  const details = usage[name];
  return isObject(details) ? details : {};
}

function count(details: JsonObject, name: string): number {
  const value = details[name];
  return typeof value === 'number' ? value : 0;
}
