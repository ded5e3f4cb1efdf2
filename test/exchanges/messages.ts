import type { OwnExchange } from '../support/exchange.ts';
import type { JsonObject } from '../support/json.ts';
import { eventExchange, jsonExchange } from './build.ts';
import { WEATHER_TOOL } from './tools.ts';

const PATH = '/v1/messages';
const MODEL = 'claude-sonnet-4-6';
const TOOL = {
  name: WEATHER_TOOL.name,
  description: WEATHER_TOOL.description,
  input_schema: WEATHER_TOOL.parameters,
};
const QUESTION = [{ role: 'user', content: 'How warm is it in Nuuk?' }];

/** Anthropic's Messages, whole and streamed. */
export const messagesExchanges: readonly OwnExchange[] = [
  jsonExchange(
    PATH,
    {
      id: 'messages-plain',
      covers: 'a system prompt, a question, a text',
      request: {
        model: 'claude-sonnet-4-6',
        max_tokens: 200,
        system: 'You are a ship’s cook.',
        messages: [{ role: 'user', content: 'How long does an egg boil?' }],
      },
      expected: { input: 24, output: 12 },
    },
    message([{ type: 'text', text: 'Ten minutes, then cold water.' }], usage(24, 12)),
  ),
  jsonExchange(
    PATH,
    {
      id: 'messages-cached',
      covers: 'input read from the cache and written to it, told beside the rest of the input',
      request: { model: 'claude-sonnet-4-6', max_tokens: 200, messages: QUESTION },
      expected: { input: 1_620, cachedInput: 1_200, cacheWrite: 400, output: 9 },
    },
    message([{ type: 'text', text: 'It is 4 °C.' }], usage(20, 9, { read: 1_200, written: 400 })),
  ),
  jsonExchange(
    PATH,
    {
      id: 'messages-tools',
      covers: 'a tool call',
      request: { model: 'claude-sonnet-4-6', max_tokens: 200, messages: QUESTION, tools: [TOOL] },
      expected: { input: 580, output: 44 },
    },
    message(
      [{ type: 'tool_use', id: 'toolu_own_1', name: TOOL.name, input: { place: 'Nuuk' } }],
      usage(580, 44),
      'tool_use',
    ),
  ),
  eventExchange(
    PATH,
    {
      id: 'messages-stream',
      covers: 'a stream whose input is told at its start and whose output at its end',
      request: { model: 'claude-sonnet-4-6', max_tokens: 200, stream: true, messages: QUESTION },
      expected: { input: 1_015, cachedInput: 1_000, output: 21 },
    },
    stream(
      [{ type: 'text', text: '' }, ['It is 4 °C', ' in Nuuk,', ' with some wind.'], 'text_delta', 'text'],
      usage(15, 1, { read: 1_000 }),
      { output_tokens: 21 },
    ),
  ),
  eventExchange(
    PATH,
    {
      id: 'messages-stream-tools',
      covers: 'a streamed tool call, arguments in pieces, all of the usage told again at the end',
      request: {
        model: 'claude-sonnet-4-6',
        max_tokens: 200,
        stream: true,
        messages: QUESTION,
        tools: [TOOL],
      },
      expected: { input: 580, output: 44 },
    },
    stream(
      [
        { type: 'tool_use', id: 'toolu_own_1', name: TOOL.name, input: {} },
        ['{"place"', ':"Nuuk"}'],
        'input_json_delta',
        'partial_json',
      ],
      usage(580, 2),
      usage(580, 44),
      'tool_use',
    ),
  ),
  eventExchange(
    PATH,
    {
      id: 'messages-stream-cut',
      covers: 'a stream that fails midway: its output is never told',
      request: { model: 'claude-sonnet-4-6', max_tokens: 200, stream: true, messages: QUESTION },
    },
    [
      ...stream([{ type: 'text', text: '' }, ['It is'], 'text_delta', 'text'], usage(15, 1), {}).slice(0, 3),
      { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
    ],
  ),
];

function usage(input: number, output: number, cache: { read?: number; written?: number } = {}): JsonObject {
  return {
    input_tokens: input,
    cache_creation_input_tokens: cache.written ?? 0,
    cache_read_input_tokens: cache.read ?? 0,
    output_tokens: output,
    service_tier: 'standard',
  };
}

function message(content: readonly JsonObject[], used: JsonObject, stop = 'end_turn'): JsonObject {
  return {
    id: 'msg_own_1',
    type: 'message',
    role: 'assistant',
    model: MODEL,
    content,
    stop_reason: stop,
    stop_sequence: null,
    usage: used,
  };
}

function stream(
  [block, pieces, type, field]: readonly [JsonObject, readonly string[], string, string],
  atStart: JsonObject,
  atEnd: JsonObject,
  stop = 'end_turn',
): JsonObject[] {
  return [
    { type: 'message_start', message: { ...message([], atStart), stop_reason: null } },
    { type: 'content_block_start', index: 0, content_block: block },
    ...pieces.map((piece) => ({ type: 'content_block_delta', index: 0, delta: { type, [field]: piece } })),
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: stop, stop_sequence: null }, usage: atEnd },
    { type: 'message_stop' },
  ];
}
