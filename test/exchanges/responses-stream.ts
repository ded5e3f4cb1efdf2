import type { OwnExchange } from '../support/exchange.ts';
import type { JsonObject } from '../support/json.ts';
import { eventExchange, responseBody, responseUsage, textItem } from './build.ts';
import { WEATHER_TOOL } from './tools.ts';

const PATH = '/v1/responses';

/** Responses that are streamed. */
export const responsesStreamExchanges: readonly OwnExchange[] = [
  eventExchange(
    PATH,
    {
      id: 'responses-stream',
      covers: 'a streamed text up to response.completed, which carries the usage',
      request: { model: 'gpt-4.1', stream: true, input: 'One line about the Azores.' },
      expected: { input: 14, output: 15 },
    },
    textEvents('gpt-4.1-2025-04-14', 'Nine islands, one weather report nobody believes: bring a coat.', {
      usage: responseUsage(14, 15),
    }),
  ),
  eventExchange(
    PATH,
    {
      id: 'responses-stream-tools',
      covers: 'a streamed function call',
      request: {
        model: 'gpt-5.2',
        stream: true,
        input: 'How warm is it in Nuuk?',
        tools: [{ type: 'function', ...WEATHER_TOOL, strict: true }],
      },
      expected: { input: 58, output: 17 },
    },
    toolEvents('gpt-5.2-2025-12-11', ['{"place"', ':"Nuuk"}'], { usage: responseUsage(58, 17) }),
  ),
  eventExchange(
    PATH,
    {
      id: 'responses-stream-incomplete',
      covers: 'a stream that its output cap ended: response.incomplete carries the usage',
      request: { model: 'gpt-4.1', stream: true, max_output_tokens: 16, input: 'A long line about Madeira.' },
      expected: { input: 14, output: 16 },
    },
    textEvents('gpt-4.1-2025-04-14', 'Madeira is steep; its streets are ladders with opinions about', {
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      max_output_tokens: 16,
      usage: responseUsage(14, 16),
    }),
  ),
  eventExchange(
    PATH,
    {
      id: 'responses-stream-failed',
      covers: 'a stream that fails midway, without usage',
      request: { model: 'gpt-4.1', stream: true, input: 'A line about the Canaries.' },
    },
    textEvents('gpt-4.1-2025-04-14', 'Seven islands', {
      status: 'failed',
      error: { code: 'server_error', message: 'The model stopped.' },
    }),
  ),
];

function textEvents(model: string, text: string, end: JsonObject): JsonObject[] {
  const place = { item_id: 'msg_own_1', output_index: 0, content_index: 0 };
  const part = { type: 'output_text', annotations: [], logprobs: [], text: '' };
  const words = text.match(/\s*\S+/g) ?? [];
  return [
    ...begin(model),
    { type: 'response.output_item.added', output_index: 0, item: textItem('', 'in_progress') },
    { type: 'response.content_part.added', ...place, part },
    ...words.map((delta) => ({ type: 'response.output_text.delta', ...place, delta, logprobs: [] })),
    { type: 'response.output_text.done', ...place, text, logprobs: [] },
    { type: 'response.content_part.done', ...place, part: { ...part, text } },
    { type: 'response.output_item.done', output_index: 0, item: textItem(text) },
    finish(model, [textItem(text)], end),
  ];
}

function toolEvents(model: string, pieces: readonly string[], end: JsonObject): JsonObject[] {
  const place = { item_id: 'fc_own_1', output_index: 0 };
  const call = { id: 'fc_own_1', type: 'function_call', call_id: 'call_own_1', name: WEATHER_TOOL.name };
  const args = pieces.join('');
  const item = { ...call, status: 'completed', arguments: args };
  return [
    ...begin(model),
    {
      type: 'response.output_item.added',
      output_index: 0,
      item: { ...call, status: 'in_progress', arguments: '' },
    },
    ...pieces.map((delta) => ({ type: 'response.function_call_arguments.delta', ...place, delta })),
    { type: 'response.function_call_arguments.done', ...place, name: WEATHER_TOOL.name, arguments: args },
    { type: 'response.output_item.done', output_index: 0, item },
    finish(model, [item], end),
  ];
}

function begin(model: string): JsonObject[] {
  const response = responseBody(model, [], { status: 'in_progress' });
  return [
    { type: 'response.created', response },
    { type: 'response.in_progress', response },
  ];
}

function finish(model: string, output: readonly JsonObject[], end: JsonObject): JsonObject {
  const response = responseBody(model, output, end);
  return { type: `response.${String(response['status'])}`, response };
}
