import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inputContent, outputMessages } from '../../../src/calls/content/index.ts';
import { chatPlan } from '../../../src/clients/ai-sdk/plan.ts';
import { chatChunkOf, chatResponseOf } from '../../../src/clients/ai-sdk/result.ts';
import { StreamAssembly } from '../../../src/providers/openai/assembly/index.ts';

test('a prompt of the AI SDK is captured with results and reasoning apart', () => {
  const prompt = [
    { role: 'system', content: 'Be brief.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Hm?' },
        { type: 'file', mediaType: 'image/png', data: 'A' },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'reasoning', text: 'why' },
        { type: 'tool-call', toolCallId: 't1', toolName: 'f', input: { a: 1 } },
      ],
    },
    {
      role: 'tool',
      content: [
        { type: 'tool-result', toolCallId: 't1', toolName: 'f', output: { type: 'text', value: 'sunny' } },
      ],
    },
  ];
  const tools = [{ type: 'function', name: 'f', inputSchema: {} }];
  const plan = chatPlan({ provider: 'openai.chat', modelId: 'gpt-4o' }, { prompt, tools }, false);
  assert.ok(plan);
  assert.deepEqual(inputContent(plan), {
    instructions: [],
    messages: [
      { role: 'system', parts: [{ type: 'text', content: 'Be brief.' }] },
      { role: 'user', parts: [{ type: 'text', content: 'Hm?' }, { type: 'file' }] },
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', content: 'why' },
          { type: 'tool_call', id: 't1', name: 'f', arguments: { a: 1 } },
        ],
      },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 't1', response: 'sunny' }] },
    ],
    tools: [{ type: 'function', name: 'f' }],
  });
});

const MESSAGES = [
  {
    role: 'assistant',
    parts: [
      { type: 'reasoning', content: 'why' },
      { type: 'text', content: 'Hello' },
      { type: 'tool_call', id: 't1', name: 'f', arguments: { a: 1 } },
      { type: 'tool_call', id: 't2', name: 'g', arguments: {} },
    ],
    finish_reason: 'tool-calls',
  },
];

test('a result and a stream of the AI SDK are captured alike', () => {
  const result = {
    content: [
      { type: 'reasoning', text: 'why' },
      { type: 'text', text: 'Hello' },
      { type: 'tool-call', toolCallId: 't1', toolName: 'f', input: '{"a":1}' },
      { type: 'tool-call', toolCallId: 't2', toolName: 'g', input: '{}' },
    ],
    finishReason: 'tool-calls',
  };
  assert.deepEqual(outputMessages(chatResponseOf(result), []), MESSAGES);
  const assembly = new StreamAssembly();
  for (const part of [
    { type: 'reasoning-delta', delta: 'why' },
    { type: 'text-delta', delta: 'Hel' },
    { type: 'tool-input-start', id: 't1', toolName: 'f' },
    { type: 'tool-input-start', id: 't2', toolName: 'g' },
    { type: 'tool-input-delta', id: 't1', delta: '{"a"' },
    { type: 'tool-input-delta', id: 't2', delta: '{}' },
    { type: 'tool-input-delta', id: 't1', delta: ':1}' },
    { type: 'text-delta', delta: 'lo' },
    { type: 'finish', finishReason: 'tool-calls' },
  ])
    assembly.read(chatChunkOf(part) ?? {});
  assert.deepEqual(outputMessages(assembly.response(), []), MESSAGES);
});
