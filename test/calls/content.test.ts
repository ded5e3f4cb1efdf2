import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Attributes } from '@opentelemetry/api';
import { outputMessages } from '../../src/calls/content/index.ts';
import { inputAttributes, outputAttributes } from '../../src/calls/telemetry/content-attributes.ts';
import { planOf } from '../support/call-plans.ts';

function parsed(attributes: Attributes, name: string): unknown {
  const value = attributes[name];
  return typeof value === 'string' ? JSON.parse(value) : value;
}

const input = (path: string, body: object): unknown =>
  parsed(inputAttributes(planOf(path, body)), 'gen_ai.input.messages');
const output = (response: unknown, finishReasons: string[] = []): unknown =>
  parsed(outputAttributes(outputMessages(response, finishReasons)), 'gen_ai.output.messages');
const text = (content: string) => ({ type: 'text', content });
const call = (id: string, name: string) => ({ type: 'tool_call', id, name, arguments: { a: 1 } });

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
    const attributes = inputAttributes(planOf('/responses', { input: 'hello', instructions: 'be brief' }));
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

  it('captures the output as one message, with the finish reason of the response', () => {
    const items = [
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'why' }], encrypted_content: 'x' },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'hello' }] },
      { type: 'function_call', id: 'fc', call_id: 'c1', name: 'f', arguments: '{"a":1}' },
      { type: 'custom_tool_call', id: 'ctc', call_id: 'c2', name: 'g', input: 'in' },
    ];
    assert.deepEqual(output({ output: items }, ['tool_call']), [
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', content: 'why' },
          text('hello'),
          call('c1', 'f'),
          { type: 'tool_call', id: 'c2', name: 'g', arguments: 'in' },
        ],
        finish_reason: 'tool_call',
      },
    ]);
  });

  it('captures no message of hidden reasoning', () => {
    const items = [{ type: 'reasoning', id: 'rs', summary: [], encrypted_content: 'x' }];
    assert.equal(output({ output: items }, ['stop']), undefined);
    assert.equal(input('/responses', { input: items }), undefined);
  });

  it('captures what the program has to do', () => {
    const action = { type: 'click', x: 1, y: 2 };
    const items = [
      { type: 'computer_call', call_id: 'c1', action },
      { type: 'local_shell_call', call_id: 'c2', action: { command: ['ls'] } },
      { type: 'apply_patch_call', call_id: 'c3', operation: { type: 'delete_file' } },
      { type: 'mcp_approval_request', id: 'c4', name: 'roll', arguments: '{"a":1}' },
      { type: 'tool_search_call', call_id: 'c5', execution: 'client', arguments: { queries: ['x'] } },
    ];
    const [message] = output({ output: items }) as { parts: object[] }[];
    assert.deepEqual(message?.parts, [
      { type: 'tool_call', id: 'c1', name: 'computer', arguments: action },
      { type: 'tool_call', id: 'c2', name: 'local_shell', arguments: { command: ['ls'] } },
      { type: 'tool_call', id: 'c3', name: 'apply_patch', arguments: { type: 'delete_file' } },
      call('c4', 'roll'),
      { type: 'tool_call', id: 'c5', name: 'tool_search', arguments: { queries: ['x'] } },
    ]);
  });

  it('captures what the service did, without pictures', () => {
    const items = [
      { type: 'web_search_call', id: 'ws', action: { type: 'search', query: 'q' } },
      { type: 'file_search_call', id: 'fs', queries: ['q'], results: [{ text: 'r' }] },
      {
        type: 'code_interpreter_call',
        id: 'ci',
        code: 'print(1)',
        outputs: [{ type: 'logs', logs: '1' }, { type: 'image' }],
      },
      { type: 'image_generation_call', id: 'ig', result: '/9j/4AAQ', revised_prompt: 'a cat' },
      { type: 'mcp_call', id: 'mcp', name: 'ask', server_label: 'wiki', arguments: '{"a":1}', output: 'o' },
    ];
    const [message] = output({ output: items }) as { parts: object[] }[];
    const ran = (id: string, name: string, server_tool_call: object) => ({
      type: 'server_tool_call',
      id,
      name,
      server_tool_call,
    });
    const returned = (id: string, server_tool_call_response: object) => ({
      type: 'server_tool_call_response',
      id,
      server_tool_call_response,
    });
    assert.deepEqual(message?.parts, [
      ran('ws', 'web_search', { type: 'web_search', action: { type: 'search', query: 'q' } }),
      ran('fs', 'file_search', { type: 'file_search', queries: ['q'] }),
      returned('fs', { type: 'file_search', results: [{ text: 'r' }] }),
      ran('ci', 'code_interpreter', { type: 'code_interpreter', code: 'print(1)' }),
      returned('ci', { type: 'code_interpreter', logs: ['1'] }),
      ran('ig', 'image_generation', { type: 'image_generation', revised_prompt: 'a cat' }),
      ran('mcp', 'ask', { type: 'mcp', server_label: 'wiki', arguments: { a: 1 } }),
      returned('mcp', { type: 'mcp', output: 'o' }),
    ]);
  });

  it('captures a screenshot and a compaction without their data', () => {
    const items = [
      {
        type: 'computer_call_output',
        call_id: 'c1',
        output: { type: 'computer_screenshot', image_url: 'data:x' },
      },
      { type: 'compaction', id: 'cmp', encrypted_content: 'x' },
    ];
    assert.deepEqual(input('/responses', { input: items }), [
      {
        role: 'tool',
        parts: [{ type: 'tool_call_response', id: 'c1', response: [{ type: 'computer_screenshot' }] }],
      },
      { role: 'assistant', parts: [{ type: 'compaction', id: 'cmp' }] },
    ]);
  });

  it('captures type and name of tools', () => {
    const tools = [
      { type: 'function', name: 'f', description: 'd', parameters: { type: 'object' } },
      { type: 'web_search' },
      { type: 'mcp', server_label: 'wiki', server_url: 'https://example.com' },
    ];
    const attributes = inputAttributes(planOf('/responses', { input: 'x', tools }));
    assert.deepEqual(parsed(attributes, 'gen_ai.tool.definitions'), [
      { type: 'function', name: 'f' },
      { type: 'web_search', name: 'web_search' },
      { type: 'mcp', name: 'wiki' },
    ]);
    const chat = { messages: [], tools: [{ type: 'function', function: { name: 'f', parameters: {} } }] };
    assert.deepEqual(parsed(inputAttributes(planOf('/chat/completions', chat)), 'gen_ai.tool.definitions'), [
      { type: 'function', name: 'f' },
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

  it('captures a list of tokens as one part', () => {
    const tokens = { role: 'user', parts: [{ type: 'tokens' }] };
    assert.deepEqual(input('/embeddings', { input: [1, 2, 3] }), [tokens]);
    assert.deepEqual(input('/embeddings', { input: [[1, 2], [3]] }), [tokens, tokens]);
  });

  it('takes no prompt that the service keeps for a message', () => {
    assert.equal(input('/responses', { prompt: { id: 'pmpt_1' } }), undefined);
  });

  it('sets no attribute if there is no content', () => {
    assert.deepEqual(inputAttributes(planOf('/responses', {})), {});
    for (const response of [undefined, null, 'x', {}, { choices: [] }, { output: 'x' }]) {
      assert.deepEqual(outputAttributes(outputMessages(response, ['stop'])), {});
    }
  });

  it('captures only the type of a malformed part', () => {
    const messages = [null, 5, { role: 5, content: 7 }, { content: [null, { type: 8 }, 'x'] }];
    const unknown = { type: 'unknown' };
    assert.deepEqual(input('/chat/completions', { messages }), [
      { role: 'user', parts: [unknown] },
      { role: 'assistant', parts: [unknown] },
      { role: 'assistant', parts: [unknown, unknown, text('x')] },
    ]);
  });
});

describe('content of a message', () => {
  it('has refusals, reasoning and transcripts as parts of their own', () => {
    const message = {
      role: 'assistant',
      content: '',
      refusal: 'no',
      reasoning_content: 'why',
      audio: { id: 'a', data: 'AAAA', transcript: 'said' },
    };
    assert.deepEqual(output({ choices: [{ message, finish_reason: 'stop' }] }), [
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', content: 'why' },
          { type: 'refusal', content: 'no' },
          { type: 'audio', transcript: 'said' },
        ],
        finish_reason: 'stop',
      },
    ]);
  });
});
