import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inputContent, outputMessages } from '../../../src/calls/content/index.ts';
import { ANTHROPIC_API } from '../../../src/providers/anthropic/index.ts';
import { StreamAssembly } from '../../../src/providers/openai/assembly/index.ts';
import { isRecord } from '../../../src/util/index.ts';

const target = { hostname: 'api.anthropic.com', path: '/messages', baseURL: 'https://api.anthropic.com/v1' };

test('a request is captured as it is, not as it is counted', () => {
  const body = {
    model: 'claude-sonnet-4-6',
    max_tokens: 100,
    system: 'Be brief.',
    tools: [
      { name: 'f', input_schema: { type: 'object' } },
      { type: 'web_search_20250305', name: 'web_search' },
    ],
    messages: [
      { role: 'user', content: 'Hm?' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'why', signature: 'x' },
          { type: 'text', text: 'Let me see.' },
          { type: 'tool_use', id: 't1', name: 'f', input: { a: 1 } },
        ],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'sunny' }] },
      { role: 'user', content: [{ type: 'image', source: { type: 'base64', data: 'AAAA' } }] },
    ],
  };
  const plan = ANTHROPIC_API.plan(target, body, undefined);
  assert.ok(plan);
  assert.deepEqual(inputContent(plan), {
    instructions: [{ type: 'text', content: 'Be brief.' }],
    messages: [
      { role: 'user', parts: [{ type: 'text', content: 'Hm?' }] },
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', content: 'why' },
          { type: 'text', content: 'Let me see.' },
          { type: 'tool_call', id: 't1', name: 'f', arguments: { a: 1 } },
        ],
      },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 't1', response: 'sunny' }] },
      { role: 'user', parts: [{ type: 'image' }] },
    ],
    tools: [
      { type: 'function', name: 'f' },
      { type: 'web_search_20250305', name: 'web_search' },
    ],
  });
});

const PARTS = [
  { type: 'reasoning', content: 'why' },
  { type: 'text', content: 'Let me see.' },
  {
    type: 'server_tool_call',
    id: 's1',
    name: 'web_search',
    server_tool_call: { type: 'web_search', arguments: { query: 'q' } },
  },
  { type: 'tool_call', id: 't1', name: 'f', arguments: { a: 1 } },
];

test('a response is captured with thinking and calls apart', () => {
  const response = ANTHROPIC_API.toOpenAiResponse?.({
    id: 'msg',
    stop_reason: 'tool_use',
    content: [
      { type: 'thinking', thinking: 'why' },
      { type: 'text', text: 'Let me see.' },
      { type: 'server_tool_use', id: 's1', name: 'web_search', input: { query: 'q' } },
      { type: 'tool_use', id: 't1', name: 'f', input: { a: 1 } },
    ],
  });
  assert.deepEqual(outputMessages(response, []), [
    { role: 'assistant', parts: PARTS, finish_reason: 'tool_use' },
  ]);
});

test('a stream is captured like the response', () => {
  const translate = ANTHROPIC_API.newEventTranslator?.();
  const assembly = new StreamAssembly();
  const block = (index: number, content_block: object) => ({
    type: 'content_block_start',
    index,
    content_block,
  });
  const delta = (index: number, piece: object) => ({ type: 'content_block_delta', index, delta: piece });
  for (const event of [
    { type: 'message_start', message: { id: 'msg', usage: {} } },
    block(0, { type: 'thinking', thinking: '' }),
    delta(0, { type: 'thinking_delta', thinking: 'why' }),
    block(1, { type: 'text', text: '' }),
    delta(1, { type: 'text_delta', text: 'Let me ' }),
    delta(1, { type: 'text_delta', text: 'see.' }),
    block(2, { type: 'server_tool_use', id: 's1', name: 'web_search', input: {} }),
    delta(2, { type: 'input_json_delta', partial_json: '{"query":"q"}' }),
    block(3, { type: 'tool_use', id: 't1', name: 'f', input: {} }),
    delta(3, { type: 'input_json_delta', partial_json: '{"a"' }),
    delta(3, { type: 'input_json_delta', partial_json: ':1}' }),
    { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 9 } },
  ]) {
    const chunk = translate?.(event);
    if (isRecord(chunk)) assembly.read(chunk);
  }
  assert.deepEqual(outputMessages(assembly.response(), []), [
    { role: 'assistant', parts: PARTS, finish_reason: 'tool_use' },
  ]);
});
