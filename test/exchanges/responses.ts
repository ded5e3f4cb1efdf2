import type { OwnExchange } from '../support/exchange.ts';
import type { JsonObject } from '../support/json.ts';
import { CREATED, jsonExchange, responseBody, responseUsage, textItem } from './build.ts';
import { WEATHER_TOOL } from './tools.ts';

const PATH = '/v1/responses';

/** Responses that are answered at once. */
export const responsesExchanges: readonly OwnExchange[] = [
  jsonExchange(
    PATH,
    {
      id: 'responses-plain',
      covers: 'instructions, a question, a text',
      request: {
        model: 'gpt-4.1',
        instructions: 'Answer in one sentence.',
        input: 'Why is port on the left?',
      },
      expected: { input: 23, output: 33 },
    },
    responseBody(
      'gpt-4.1-2025-04-14',
      [
        textItem(
          'The steering oar hung on the right, so a ship was moored with its left side to the quay, the port side.',
        ),
      ],
      { usage: responseUsage(23, 33), instructions: 'Answer in one sentence.' },
    ),
  ),
  jsonExchange(
    PATH,
    {
      id: 'responses-tools',
      covers: 'a function call',
      request: {
        model: 'gpt-5.2',
        input: [{ role: 'user', content: 'How warm is it in Reykjavík?' }],
        tools: [{ type: 'function', ...WEATHER_TOOL, strict: true }],
      },
      expected: { input: 58, output: 18 },
    },
    responseBody(
      'gpt-5.2-2025-12-11',
      [
        {
          id: 'fc_own_1',
          type: 'function_call',
          status: 'completed',
          call_id: 'call_own_1',
          name: WEATHER_TOOL.name,
          arguments: '{"place":"Reykjavík"}',
        },
      ],
      { usage: responseUsage(58, 18) },
    ),
  ),
  jsonExchange(
    PATH,
    {
      id: 'responses-reasoning',
      covers: 'reasoning with a summary',
      request: {
        model: 'gpt-5-mini',
        input:
          'A rope ladder of 12 rungs, 30 cm apart, hangs from a floating ship; the tide rises 90 cm. Rungs under water?',
        reasoning: { effort: 'low', summary: 'auto' },
        max_output_tokens: 1500,
      },
      expected: { input: 39, output: 215, reasoning: 192 },
    },
    responseBody(
      'gpt-5-mini-2025-08-07',
      [
        {
          id: 'rs_own_1',
          type: 'reasoning',
          summary: [{ type: 'summary_text', text: 'The ship floats, so the ladder rises with it.' }],
        },
        textItem('As many as before: the ship and its ladder rise with the tide.'),
      ],
      { usage: responseUsage(39, 215, { reasoning: 192 }), max_output_tokens: 1500 },
    ),
  ),
  jsonExchange(
    PATH,
    {
      id: 'responses-cached',
      covers: 'cached input and input written to the cache',
      request: {
        model: 'gpt-5.6',
        instructions: 'Log every watch with wind, course and speed. '.repeat(160),
        input: 'What do I log?',
      },
      expected: { input: 1616, cachedInput: 1280, cacheWrite: 320, output: 11 },
    },
    responseBody('gpt-5.6-sol', [textItem('Wind, course and speed of every watch.')], {
      usage: responseUsage(1616, 11, { cached: 1280, cacheWrite: 320 }),
    }),
  ),
  jsonExchange(
    PATH,
    {
      id: 'responses-incomplete',
      covers: 'an answer that its output cap cut short, all of it reasoning',
      request: { model: 'gpt-5-mini', input: 'Prove that pi is irrational.', max_output_tokens: 64 },
      expected: { input: 13, output: 64, reasoning: 64 },
    },
    responseBody('gpt-5-mini-2025-08-07', [{ id: 'rs_own_2', type: 'reasoning', summary: [] }], {
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      max_output_tokens: 64,
      usage: responseUsage(13, 64, { reasoning: 64 }),
    }),
  ),
  jsonExchange(
    PATH,
    {
      id: 'responses-continued',
      covers: 'input that is not in the request: the service holds the conversation',
      request: {
        model: 'gpt-4.1',
        previous_response_id: 'resp_own_gpt-4.1-2025-04-14',
        input: 'And starboard?',
      },
      expected: { input: 71, output: 12 },
    },
    responseBody('gpt-4.1-2025-04-14', [textItem('From steer board: the side with the oar.')], {
      usage: responseUsage(71, 12),
      previous_response_id: 'resp_own_gpt-4.1-2025-04-14',
    }),
  ),
  jsonExchange(
    PATH,
    {
      id: 'responses-background',
      covers: 'a background response: queued, nothing billed yet',
      request: { model: 'gpt-5.2', input: 'A full inventory of the hold.', background: true },
    },
    responseBody('gpt-5.2-2025-12-11', [], { status: 'queued', background: true }),
  ),
  jsonExchange(
    PATH,
    {
      id: 'responses-failed',
      covers: 'status 200 and a response that failed, without usage',
      request: { model: 'gpt-5.2', input: 'Fail, please.' },
    },
    responseBody('gpt-5.2-2025-12-11', [], {
      status: 'failed',
      error: { code: 'server_error', message: 'The model could not answer.' },
    }),
  ),
  jsonExchange(
    `${PATH}/compact`,
    {
      id: 'responses-compact',
      covers: 'a compaction: billed like a call',
      request: { model: 'gpt-5.2', input: conversation() },
      expected: { input: 40, output: 140 },
    },
    {
      id: 'resp_own_compact',
      object: 'response.compaction',
      created_at: CREATED,
      output: [
        {
          id: 'msg_own_2',
          type: 'message',
          role: 'user',
          status: 'completed',
          content: [{ type: 'input_text', text: 'The log of Monday?' }],
        },
        { id: 'cmp_own_1', type: 'compaction', encrypted_content: 'b3duLW9wYXF1ZQ==' },
      ],
      usage: responseUsage(40, 140),
    },
  ),
];

function conversation(): JsonObject[] {
  return [
    { role: 'user', content: 'The log of Monday?' },
    { role: 'assistant', content: 'Wind south-west 4, course 310, 6 knots.' },
    { role: 'user', content: 'And of Tuesday?' },
  ];
}
