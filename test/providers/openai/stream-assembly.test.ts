import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { StreamAssembly } from '../../../src/providers/openai/assembly/index.ts';

function assemble(...events: object[]): Record<string, unknown> {
  const assembly = new StreamAssembly();
  for (const event of events) assembly.read(event as Record<string, unknown>);
  return assembly.response();
}

const chunk = (index: number, delta: object, finish_reason: string | null = null) => ({
  choices: [{ index, delta, finish_reason }],
});

describe('StreamAssembly, of Chat Completions', () => {
  it('keeps choices apart', () => {
    const response = assemble(
      chunk(1, { role: 'assistant', content: 'No' }),
      chunk(0, { role: 'assistant', content: 'I' }),
      chunk(1, { content: 'pe' }, 'length'),
      chunk(0, { content: '’m' }),
      chunk(0, {}, 'stop'),
    );
    assert.deepEqual(response, {
      choices: [
        { index: 0, message: { role: 'assistant', content: 'I’m' }, finish_reason: 'stop' },
        { index: 1, message: { role: 'assistant', content: 'Nope' }, finish_reason: 'length' },
      ],
    });
  });

  it('joins the pieces of each tool call', () => {
    const call = (index: number, rest: object) => chunk(0, { tool_calls: [{ index, ...rest }] });
    const { choices } = assemble(
      chunk(0, { reasoning_content: 'hm' }),
      call(0, { id: 'c0', type: 'function', function: { name: 'f', arguments: '' } }),
      call(0, { function: { arguments: '{"a"' } }),
      call(1, { id: 'c1', type: 'custom', custom: { name: 'g', input: 'i' } }),
      call(0, { function: { arguments: ':1}' } }),
      call(1, { custom: { input: 'n' } }),
      chunk(0, {}, 'tool_calls'),
    );
    assert.deepEqual(choices, [
      {
        index: 0,
        message: {
          role: 'assistant',
          reasoning_content: 'hm',
          tool_calls: [
            { id: 'c0', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
            { id: 'c1', type: 'custom', function: { name: 'g', arguments: 'in' } },
          ],
        },
        finish_reason: 'tool_calls',
      },
    ]);
  });

  it('finds pieces without an index by the id, or after the last call', () => {
    const { choices } = assemble(
      chunk(0, { tool_calls: [{ id: 'c0', function: { name: 'f', arguments: '{' } }] }),
      chunk(0, { tool_calls: [{ id: 'c1', function: { name: 'g' } }] }),
      chunk(0, { tool_calls: [{ id: 'c0', function: { arguments: '}' } }] }),
      chunk(0, { tool_calls: [{ function: { arguments: '!' } }] }),
    );
    const [choice] = choices as { message: { tool_calls: object[] } }[];
    assert.deepEqual(
      choice?.message.tool_calls.map((one) => Reflect.get(one, 'function')),
      [
        { name: 'f', arguments: '{}!' },
        { name: 'g', arguments: '' },
      ],
    );
  });

  it('joins texts of Completions, and chunks of assistants', () => {
    assert.deepEqual(
      assemble({ choices: [{ text: 'a' }] }, { choices: [{ text: 'b', finish_reason: 'stop' }] }),
      {
        choices: [{ index: 0, message: { role: 'assistant', content: 'ab' }, finish_reason: 'stop' }],
      },
    );
  });
});

describe('StreamAssembly, of Responses', () => {
  const added = (output_index: number, item: object) => ({
    type: 'response.output_item.added',
    output_index,
    item,
  });
  const message = { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'all' }] };

  it('takes the output of the last event', () => {
    const response = assemble(
      { type: 'response.created', response: { output: [] } },
      added(0, { type: 'message', role: 'assistant', content: [] }),
      { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'al' },
      { type: 'response.completed', response: { output: [message] } },
    );
    assert.deepEqual(response, { output: [message] });
  });

  it('takes the items that are done, and the pieces of those that are not, if the stream was cut', () => {
    const reasoning = { type: 'reasoning', summary: [{ type: 'summary_text', text: 'why' }] };
    const response = assemble(
      { type: 'response.created', response: { output: [] } },
      added(0, { type: 'reasoning', summary: [] }),
      { type: 'response.output_item.done', output_index: 0, item: reasoning },
      added(2, { type: 'function_call', call_id: 'c', name: 'f', arguments: '' }),
      added(1, { type: 'message', role: 'assistant', content: [] }),
      { type: 'response.output_text.delta', output_index: 1, content_index: 0, delta: 'Hel' },
      { type: 'response.function_call_arguments.delta', output_index: 2, delta: '{"a' },
      { type: 'response.output_text.delta', output_index: 1, content_index: 0, delta: 'lo' },
      { type: 'response.refusal.delta', output_index: 1, content_index: 1, delta: 'no' },
      { type: 'response.audio.delta', output_index: 1, delta: 'AAAA' },
    );
    assert.deepEqual(response, {
      output: [
        reasoning,
        {
          type: 'message',
          role: 'assistant',
          content: [
            { type: 'output_text', text: 'Hello' },
            { type: 'refusal', refusal: 'no' },
          ],
        },
        { type: 'function_call', call_id: 'c', name: 'f', arguments: '{"a' },
      ],
    });
  });

  it('keeps deltas whose item was not seen', () => {
    const response = assemble(
      { type: 'response.code_interpreter_call_code.delta', output_index: 0, delta: 'x' },
      { type: 'response.reasoning_text.delta', output_index: 1, content_index: 0, delta: 'y' },
    );
    assert.deepEqual(response, {
      output: [
        { type: 'code_interpreter_call', code: 'x' },
        { type: 'reasoning', content: [{ type: 'reasoning_text', text: 'y' }] },
      ],
    });
  });
});

it('StreamAssembly never throws', () => {
  const value = fc.anything({ maxDepth: 3 });
  const type = fc.constantFrom(
    'response.output_text.delta',
    'response.output_item.added',
    'response.completed',
    5,
  );
  const event = fc.oneof(
    fc.record({ type, output_index: value, item: value, delta: value, response: value }),
    fc.record({ choices: fc.array(fc.record({ index: value, delta: value, text: value })) }),
    fc.record({ choices: value, data: value }),
  );
  fc.assert(fc.property(fc.array(event), (events) => void assemble(...events)));
});
