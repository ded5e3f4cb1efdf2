import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Attributes } from '@opentelemetry/api';
import { inputContent, outputContent } from '../../src/calls/telemetry/content.ts';
import { planOf } from '../support/call-plans.ts';

function parsed(attributes: Attributes, name: string): unknown {
  const value = attributes[name];
  return typeof value === 'string' ? JSON.parse(value) : value;
}

const input = (path: string, body: object): unknown =>
  parsed(inputContent(planOf(path, body)), 'gen_ai.input.messages');
const output = (response: unknown, texts: string[] = []): unknown =>
  parsed(outputContent(response, texts), 'gen_ai.output.messages');
const text = (content: string) => ({ type: 'text', content });
const call = (id: string, name: string) => ({ type: 'tool_call', id, name, arguments: '{"a":1}' });

describe('content of Chat Completions', () => {
  it('captures messages with role, text, tool calls and results', () => {
    const messages = [
      { role: 'system', content: 'be brief' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'look' },
          { type: 'image_url', image_url: { url: 'data:x' } },
        ],
      },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
      },
      { role: 'tool', tool_call_id: 'c1', content: 'sunny' },
    ];
    assert.deepEqual(input('/chat/completions', { messages }), [
      { role: 'system', parts: [text('be brief')] },
      { role: 'user', parts: [text('look'), { type: 'image_url' }] },
      { role: 'assistant', parts: [call('c1', 'f')] },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', response: 'sunny' }] },
    ]);
  });

  it('captures choices with their finish reason', () => {
    const tool_calls = [{ id: 'c1', function: { name: 'f', arguments: '{"a":1}' } }];
    const choices = [
      { message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' },
      { message: { role: 'assistant', content: null, tool_calls }, finish_reason: 'tool_calls' },
      { text: 'legacy', finish_reason: 'length' },
    ];
    assert.deepEqual(output({ choices }), [
      { role: 'assistant', parts: [text('hello')], finish_reason: 'stop' },
      { role: 'assistant', parts: [call('c1', 'f')], finish_reason: 'tool_calls' },
      { role: 'assistant', parts: [text('legacy')], finish_reason: 'length' },
    ]);
  });

  it('captures calls of custom tools', () => {
    const message = {
      role: 'assistant',
      tool_calls: [{ id: 'c1', type: 'custom', custom: { name: 'g', input: 'in' } }],
    };
    assert.deepEqual(output({ choices: [{ message, finish_reason: 'tool_calls' }] }), [
      {
        role: 'assistant',
        parts: [{ type: 'tool_call', id: 'c1', name: 'g', arguments: 'in' }],
        finish_reason: 'tool_calls',
      },
    ]);
  });
});

describe('content of Responses', () => {
  it('captures an input text and the instructions', () => {
    const attributes = inputContent(planOf('/responses', { input: 'hello', instructions: 'be brief' }));
    assert.deepEqual(parsed(attributes, 'gen_ai.input.messages'), [{ role: 'user', parts: [text('hello')] }]);
    assert.deepEqual(parsed(attributes, 'gen_ai.system_instructions'), [text('be brief')]);
  });

  it('captures input items', () => {
    const items = [
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'look' },
          { type: 'input_image', image_url: 'data:x' },
        ],
      },
      { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{"a":1}' },
    ];
    assert.deepEqual(input('/responses', { input: items }), [
      { role: 'user', parts: [text('look'), { type: 'input_image' }] },
      { role: 'assistant', parts: [call('c1', 'f')] },
    ]);
  });

  it('captures the output of a function call', () => {
    const items = [{ type: 'function_call_output', call_id: 'c1', output: 'sunny' }];
    assert.deepEqual(input('/responses', { input: items }), [
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', response: 'sunny' }] },
    ]);
  });

  it('captures output items', () => {
    const items = [
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'hello' }] },
      { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{"a":1}' },
    ];
    assert.deepEqual(output({ output: items }), [
      { role: 'assistant', parts: [text('hello')] },
      { role: 'assistant', parts: [call('c1', 'f')] },
    ]);
  });
});

describe('content of other requests and responses', () => {
  it('captures a prompt as a user message', () => {
    assert.deepEqual(input('/completions', { prompt: ['once', 'twice'] }), [
      { role: 'user', parts: [text('once')] },
      { role: 'user', parts: [text('twice')] },
    ]);
  });

  it('captures the joined text of a stream', () => {
    assert.deepEqual(output(undefined, ['Hel', 'lo']), [{ role: 'assistant', parts: [text('Hello')] }]);
  });

  it('sets no attribute if there is no content', () => {
    assert.deepEqual(inputContent(planOf('/responses', {})), {});
    for (const response of [undefined, null, 'x', {}, { choices: [] }, { output: 'x' }]) {
      assert.deepEqual(outputContent(response, []), {});
    }
  });

  it('captures only the type of a malformed part', () => {
    const messages = [null, 5, { role: 5, content: 7 }, { content: [null, { type: 8 }, 'x'] }];
    const unknown = { type: 'unknown' };
    assert.deepEqual(input('/chat/completions', { messages }), [
      { role: 'user', parts: [] },
      { role: 'user', parts: [unknown] },
      { role: 'assistant', parts: [unknown] },
      { role: 'assistant', parts: [unknown, unknown, text('x')] },
    ]);
  });
});
