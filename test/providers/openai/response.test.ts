import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseResponse, responseTexts } from '../../../src/providers/openai/response.ts';
import { CHAT, EMBEDDINGS, RESPONSES } from '../../support/call-plans.ts';

describe('parseResponse', () => {
  it('parses a chat completion', () => {
    const response = parseResponse(
      {
        id: 'chatcmpl-1',
        model: 'gpt-4o-2024-08-06',
        service_tier: 'priority',
        system_fingerprint: 'fp_1',
        choices: [{ finish_reason: 'stop' }, { finish_reason: 'length' }, { finish_reason: null }, null],
        usage: { prompt_tokens: 1, completion_tokens: 2 },
      },
      CHAT,
    );
    const { usage, ...rest } = response;
    assert.deepEqual(rest, {
      id: 'chatcmpl-1',
      model: 'gpt-4o-2024-08-06',
      serviceTier: 'priority',
      systemFingerprint: 'fp_1',
      finishReasons: ['stop', 'length'],
      unfinished: false,
    });
    assert.ok(usage.inputKnown && usage.outputKnown);
  });

  for (const [response, reason] of [
    [{ status: 'completed' }, 'stop'],
    [{ status: 'incomplete', incomplete_details: { reason: 'content_filter' } }, 'content_filter'],
    [{ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }, 'length'],
    [{ status: 'failed', object: 'response' }, 'error'],
    [{ status: 'cancelled', object: 'response' }, 'error'],
    [{ status: 'failed', object: 'batch' }, undefined],
    [{ status: 'queued' }, undefined],
  ] as const) {
    it(`reads ${reason ?? 'no reason'} from ${JSON.stringify(response)}`, () => {
      const expected = reason === undefined ? [] : [reason];
      assert.deepEqual(parseResponse(response, RESPONSES).finishReasons, expected);
    });
  }

  for (const [type, rest] of [
    ['function_call', {}],
    ['custom_tool_call', {}],
    ['computer_call', {}],
    ['local_shell_call', {}],
    ['shell_call', {}],
    ['apply_patch_call', {}],
    ['mcp_approval_request', {}],
    ['tool_search_call', { execution: 'client' }],
  ] as const) {
    it(`reads tool_call from a response that ends in an item of type ${type}`, () => {
      const output = [
        { type: 'reasoning' },
        { type, call_id: 'call_1', ...rest },
        { type: 'message', role: 'assistant', content: [] },
      ];
      assert.deepEqual(parseResponse({ status: 'completed', output }, RESPONSES).finishReasons, [
        'tool_call',
      ]);
    });
  }

  it('reads stop from a response whose tools were run by the service', () => {
    const output = [
      { type: 'web_search_call' },
      { type: 'mcp_call' },
      { type: 'tool_search_call', execution: 'server' },
      { type: 'shell_call', call_id: 'call_1' },
      { type: 'shell_call_output', call_id: 'call_1' },
      null,
    ];
    assert.deepEqual(parseResponse({ status: 'completed', output }, RESPONSES).finishReasons, ['stop']);
  });

  for (const [status, unfinished] of [
    ['queued', true],
    ['in_progress', true],
    ['completed', false],
    ['cancelled', false],
  ] as const) {
    it(`parses the status ${status} as ${unfinished ? 'unfinished' : 'finished'}`, () => {
      assert.equal(parseResponse({ status }, RESPONSES).unfinished, unfinished);
    });
  }

  it('parses the conversation, or the thread of a run', () => {
    assert.equal(parseResponse({ conversation: { id: 'conv_1' } }, RESPONSES).conversationId, 'conv_1');
    assert.equal(parseResponse({ thread_id: 'thread_1' }, RESPONSES).conversationId, 'thread_1');
    assert.equal(parseResponse({ conversation: null }, RESPONSES).conversationId, undefined);
  });

  it('expects no output of embeddings', () => {
    assert.equal(parseResponse({ usage: { prompt_tokens: 1 } }, EMBEDDINGS).usage.outputKnown, true);
    assert.equal(parseResponse({ usage: { prompt_tokens: 1 } }, CHAT).usage.outputKnown, false);
  });

  it('leaves out malformed fields', () => {
    const response = parseResponse({ id: 5, model: '', service_tier: null, choices: 'x' }, CHAT);
    assert.deepEqual(Object.keys(response).sort(), ['finishReasons', 'unfinished', 'usage']);
  });
});

describe('responseTexts', () => {
  it('returns the texts of choices and tool calls', () => {
    const message = {
      content: 'hello',
      refusal: 'no',
      reasoning_content: 'so',
      tool_calls: [
        { id: 'c1', function: { name: 'f', arguments: '{"a":1}' } },
        { id: 'c2', custom: { name: 'g', input: 'in' } },
        null,
      ],
      function_call: { name: 'old', arguments: '{}' },
    };
    const response = { choices: [{ message }, { message: { content: null } }, { text: 'legacy' }] };
    const calls = ['f', '{"a":1}', 'g', 'in', 'old', '{}'];
    assert.deepEqual(responseTexts(response), ['hello', 'no', 'so', ...calls, 'legacy']);
  });

  it('returns the texts of output items', () => {
    const output = [
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'thought' }] },
      { type: 'message', content: [{ text: 'hi' }, { refusal: 'no' }] },
      { type: 'function_call', name: 'f', arguments: '{}' },
      { type: 'custom_tool_call', name: 'g', input: 'in' },
      { type: 'code_interpreter_call', code: '1+1' },
    ];
    assert.deepEqual(responseTexts({ output }), ['thought', 'hi', 'no', 'f', '{}', 'g', 'in', '1+1']);
  });

  it('returns a body that is text', () => {
    assert.deepEqual(responseTexts('<html>'), ['<html>']);
  });

  it('returns texts for any response', () => {
    const part = fc.oneof(fc.anything({ maxDepth: 2 }), fc.array(fc.dictionary(fc.string(), fc.anything())));
    const response = fc.oneof(
      fc.record({ choices: part, output: part, usage: part, id: part }),
      fc.anything(),
    );
    fc.assert(
      fc.property(response, (value) => {
        for (const text of responseTexts(value)) assert.equal(typeof text, 'string');
        parseResponse(value, CHAT);
      }),
      { numRuns: 500 },
    );
  });
});
