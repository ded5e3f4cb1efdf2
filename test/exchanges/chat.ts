import type { OwnExchange } from '../support/exchange.ts';
import { chatBody, chatUsage, jsonExchange, textChoice } from './build.ts';
import { WEATHER_TOOL } from './tools.ts';

const PATH = '/v1/chat/completions';

/** Chat completions that are answered at once. */
export const chatExchanges: readonly OwnExchange[] = [
  jsonExchange(
    PATH,
    {
      id: 'chat-plain',
      covers: 'a system prompt, a question, a text',
      request: {
        model: 'gpt-4o-mini',
        messages: [
          { role: 'system', content: 'You are a ship’s cook. Answer in one sentence.' },
          { role: 'user', content: 'How long does an egg boil at sea level until it is hard?' },
        ],
      },
      expected: { input: 37, output: 17 },
    },
    chatBody(
      'gpt-4o-mini-2024-07-18',
      'Ten minutes from the moment the water boils again, then straight into cold water.',
      chatUsage(37, 17),
    ),
  ),
  jsonExchange(
    PATH,
    {
      id: 'chat-capped',
      covers: 'an answer that its output cap cut short',
      request: {
        model: 'gpt-4.1',
        max_completion_tokens: 12,
        messages: [{ role: 'user', content: 'Describe the harbour of Valparaíso.' }],
      },
      expected: { input: 15, output: 12 },
    },
    chatBody(
      'gpt-4.1-2025-04-14',
      [textChoice('The harbour of Valparaíso lies in a wide bay,', 0, 'length')],
      chatUsage(15, 12),
    ),
  ),
  jsonExchange(
    PATH,
    {
      id: 'chat-tools',
      covers: 'two tool calls in one answer',
      request: {
        model: 'gpt-4.1',
        messages: [{ role: 'user', content: 'Is it warmer in Oslo or in Bergen?' }],
        tools: [{ type: 'function', function: WEATHER_TOOL }],
      },
      expected: { input: 62, output: 46 },
    },
    chatBody(
      'gpt-4.1-2025-04-14',
      [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: null,
            refusal: null,
            tool_calls: [
              toolCall('call_own_1', '{"place":"Oslo"}'),
              toolCall('call_own_2', '{"place":"Bergen"}'),
            ],
          },
          logprobs: null,
          finish_reason: 'tool_calls',
        },
      ],
      chatUsage(62, 46),
    ),
  ),
  jsonExchange(
    PATH,
    {
      id: 'chat-tool-results',
      covers: 'a conversation that holds tool calls and their results',
      request: {
        model: 'gpt-4.1',
        messages: [
          { role: 'user', content: 'Is it warmer in Oslo or in Bergen?' },
          {
            role: 'assistant',
            content: null,
            tool_calls: [
              toolCall('call_own_1', '{"place":"Oslo"}'),
              toolCall('call_own_2', '{"place":"Bergen"}'),
            ],
          },
          { role: 'tool', tool_call_id: 'call_own_1', content: '{"celsius":4}' },
          { role: 'tool', tool_call_id: 'call_own_2', content: '{"celsius":7}' },
        ],
        tools: [{ type: 'function', function: WEATHER_TOOL }],
      },
      expected: { input: 112, output: 20 },
    },
    chatBody('gpt-4.1-2025-04-14', 'It is warmer in Bergen: 7 °C, against 4 °C in Oslo.', chatUsage(112, 20)),
  ),
  jsonExchange(
    PATH,
    {
      id: 'chat-structured',
      covers: 'structured output by a JSON schema',
      request: {
        model: 'gpt-4o-mini',
        messages: [{ role: 'user', content: 'The brig Astrid, built 1921, 34 metres. Extract.' }],
        response_format: {
          type: 'json_schema',
          json_schema: {
            name: 'ship',
            strict: true,
            schema: {
              type: 'object',
              properties: {
                name: { type: 'string' },
                built: { type: 'integer' },
                metres: { type: 'number' },
              },
              required: ['name', 'built', 'metres'],
              additionalProperties: false,
            },
          },
        },
      },
      expected: { input: 66, output: 17 },
    },
    chatBody('gpt-4o-mini-2024-07-18', '{"name":"Astrid","built":1921,"metres":34}', chatUsage(66, 17)),
  ),
  jsonExchange(
    PATH,
    {
      id: 'chat-three-choices',
      covers: 'n = 3: the output of all choices is one number',
      request: {
        model: 'gpt-4o-mini',
        n: 3,
        max_tokens: 20,
        messages: [{ role: 'user', content: 'A name for a tugboat?' }],
      },
      expected: { input: 13, output: 14 },
    },
    chatBody(
      'gpt-4o-mini-2024-07-18',
      [textChoice('Steadfast Annie'), textChoice('Little Goliath', 1), textChoice('Brava', 2)],
      chatUsage(13, 14),
    ),
  ),
  jsonExchange(
    PATH,
    {
      id: 'chat-two-choices',
      covers: 'n = 2',
      request: {
        model: 'gpt-4o-mini',
        n: 2,
        messages: [{ role: 'user', content: 'One word for a calm sea.' }],
      },
      expected: { input: 14, output: 6 },
    },
    chatBody('gpt-4o-mini-2024-07-18', [textChoice('Glassy'), textChoice('Placid', 1)], chatUsage(14, 6)),
  ),
];

function toolCall(id: string, args: string): Record<string, unknown> {
  return { id, type: 'function', function: { name: WEATHER_TOOL.name, arguments: args } };
}
