import type { OwnExchange } from '../support/exchange.ts';
import type { JsonObject } from '../support/json.ts';
import { chatChunk, chatUsage, chunkedExchange, textChunks, usageChunk } from './build.ts';
import { WEATHER_TOOL } from './tools.ts';

const PATH = '/v1/chat/completions';
const MINI = 'gpt-4o-mini-2024-07-18';
const TIDES = 'High water at 06:12 and 18:40, low water at 12:25 – mind the bar at ebb.';

/** Chat completions that are streamed. */
export const chatStreamExchanges: readonly OwnExchange[] = [
  chunkedExchange(
    PATH,
    {
      id: 'chat-stream-usage',
      covers: 'a stream whose caller asks for usage',
      request: {
        model: 'gpt-4o-mini',
        stream: true,
        stream_options: { include_usage: true },
        messages: [{ role: 'user', content: 'The tides at Cádiz today, in one line.' }],
      },
      expected: { input: 17, output: 28 },
    },
    textChunks(MINI, TIDES),
    usageChunk(MINI, chatUsage(17, 28)),
  ),
  chunkedExchange(
    PATH,
    {
      id: 'chat-stream-plain',
      covers: 'a stream whose caller does not ask for usage, though the service knows it',
      request: {
        model: 'gpt-4o-mini',
        stream: true,
        messages: [{ role: 'user', content: 'The tides at Brest today, in one line.' }],
      },
      expected: { input: 17, output: 28 },
    },
    textChunks(MINI, TIDES),
    usageChunk(MINI, chatUsage(17, 28)),
  ),
  chunkedExchange(
    PATH,
    {
      id: 'chat-stream-never-usage',
      covers: 'a stream of a service that never tells usage',
      request: {
        model: 'gpt-4o-mini',
        stream: true,
        messages: [{ role: 'user', content: 'The tides at Galway today, in one line.' }],
      },
    },
    textChunks(MINI, TIDES),
  ),
  chunkedExchange(
    PATH,
    {
      id: 'chat-stream-tools',
      covers: 'streamed tool calls, two of them, arguments in pieces',
      request: {
        model: 'gpt-4.1',
        stream: true,
        messages: [{ role: 'user', content: 'Weather in Ålesund and Tromsø?' }],
        tools: [{ type: 'function', function: WEATHER_TOOL }],
      },
      expected: { input: 60, output: 49 },
    },
    toolChunks('gpt-4.1-2025-04-14', ['{"pla', 'ce":"Åle', 'sund"}'], ['{"place":', '"Tromsø"}']),
    usageChunk('gpt-4.1-2025-04-14', chatUsage(60, 49)),
  ),
  chunkedExchange(
    PATH,
    {
      id: 'chat-stream-two-choices',
      covers: 'n = 2, chunks of both choices in turn',
      request: {
        model: 'gpt-4o-mini',
        stream: true,
        n: 2,
        messages: [{ role: 'user', content: 'Two words for fog.' }],
      },
      expected: { input: 12, output: 12 },
    },
    interleave(textChunks(MINI, 'Sea smoke, haar.'), textChunks(MINI, 'Murk, mist.', 1)),
    usageChunk(MINI, chatUsage(12, 12)),
  ),
  chunkedExchange(
    PATH,
    {
      id: 'chat-stream-reasoning',
      covers: 'a stream with reasoning that is not streamed',
      request: {
        model: 'gpt-5-mini',
        stream: true,
        messages: [{ role: 'user', content: 'Is 1013 prime?' }],
      },
      expected: { input: 12, output: 142, reasoning: 128 },
    },
    textChunks('gpt-5-mini-2025-08-07', 'Yes: no prime up to 31 divides it.'),
    usageChunk('gpt-5-mini-2025-08-07', chatUsage(12, 142, { completion: { reasoning_tokens: 128 } })),
  ),
];

function toolChunks(model: string, ...calls: readonly string[][]): JsonObject[] {
  const pieces = calls.flatMap((parts, index) => [
    toolDelta(model, {
      index,
      id: `call_own_${index + 1}`,
      type: 'function',
      function: { name: WEATHER_TOOL.name, arguments: '' },
    }),
    ...parts.map((args) => toolDelta(model, { index, function: { arguments: args } })),
  ]);
  return [
    chatChunk(model, { role: 'assistant', content: null }),
    ...pieces,
    chatChunk(model, {}, 'tool_calls'),
  ];
}

function toolDelta(model: string, call: JsonObject): JsonObject {
  return chatChunk(model, { tool_calls: [call] });
}

function interleave(one: readonly JsonObject[], other: readonly JsonObject[]): JsonObject[] {
  const length = Math.max(one.length, other.length);
  return Array.from({ length }, (_, index) => [one[index], other[index]])
    .flat()
    .filter((chunk) => chunk !== undefined);
}
