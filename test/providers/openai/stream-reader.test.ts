import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Endpoint } from '../../../src/providers/contract/call-plan.ts';
import { StreamReader } from '../../../src/providers/openai/stream-reader.ts';
import { USAGE_KINDS } from '../../../src/usage/index.ts';
import { CHAT, COMPLETIONS, RESPONSES } from '../../support/call-plans.ts';

function read(endpoint: Endpoint, ...events: unknown[]): StreamReader {
  const reader = new StreamReader(endpoint);
  for (const event of events) reader.read(event);
  return reader;
}

const delta = (content: object, rest: object = {}) => ({ choices: [{ index: 0, delta: content, ...rest }] });
const text = (reader: StreamReader): string => reader.texts.join('');

describe('StreamReader, of Chat Completions', () => {
  const head = {
    id: 'chatcmpl-1',
    model: 'gpt-4o-2024-08-06',
    service_tier: 'default',
    system_fingerprint: 'fp',
  };
  const usage = { prompt_tokens: 9, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 3 } };

  it('reads usage, identity and text', () => {
    const reader = read(
      CHAT,
      { ...head, ...delta({ role: 'assistant', content: '' }), usage: null },
      { ...head, ...delta({ content: 'Hello' }) },
      { ...head, ...delta({ content: ' you' }) },
      { ...head, ...delta({}, { finish_reason: 'stop' }) },
      { ...head, choices: [], usage },
    );
    const { usage: reading, ...identity } = reader.response();
    assert.deepEqual(identity, {
      id: 'chatcmpl-1',
      model: 'gpt-4o-2024-08-06',
      serviceTier: 'default',
      systemFingerprint: 'fp',
      finishReasons: ['stop'],
      unfinished: false,
    });
    assert.deepEqual([reading.usage.input, reading.usage.cachedInput, reading.usage.output], [9, 3, 2]);
    assert.equal(text(reader), 'Hello you');
    assert.deepEqual([reader.usageSeen, reader.error], [true, undefined]);
  });

  it('has no usage of a stream that was cut', () => {
    const reader = read(CHAT, { ...head, ...delta({ content: 'Hel' }), usage: null });
    assert.equal(reader.usageSeen, false);
    assert.equal(reader.response().usage.inputKnown, false);
    assert.deepEqual(reader.response().finishReasons, []);
    assert.deepEqual(reader.cutResponse().finishReasons, ['error']);
  });

  it('has a finish reason for each choice in their order, also if the stream was cut', () => {
    const choice = (index: number, finish_reason: string | null = null) => ({
      choices: [{ index, delta: { content: 'x' }, finish_reason }],
    });
    const reader = read(CHAT, choice(0), choice(1), choice(2, 'length'), choice(0, 'stop'));
    assert.deepEqual(reader.response().finishReasons, ['stop', 'length']);
    assert.deepEqual(reader.cutResponse().finishReasons, ['stop', 'error', 'length']);
  });

  it('takes a choice with an implausible index for the first one', () => {
    const reader = read(CHAT, { choices: [{ index: 1e9, finish_reason: 'stop' }] });
    assert.deepEqual(reader.cutResponse().finishReasons, ['stop']);
  });

  it('reads the last usage if every chunk has one', () => {
    const reader = read(CHAT, { usage: { prompt_tokens: 9, completion_tokens: 1 } });
    assert.equal(reader.response().usage.usage.output, 1);
    reader.read({ usage: { prompt_tokens: 9, completion_tokens: 2 } });
    assert.equal(reader.response().usage.usage.output, 2);
  });

  it('reads the text of refusals, reasoning and tool calls', () => {
    const reader = read(
      CHAT,
      delta({ reasoning_content: 'r' }),
      delta({ refusal: 'n' }),
      delta({ function_call: { name: 'o', arguments: 'f' } }),
      delta({ tool_calls: [{ function: { name: 'g', arguments: '' } }, { function: { arguments: 'a' } }] }),
      delta({ tool_calls: [{ custom: { name: 'c', input: 'i' } }] }),
    );
    assert.equal(text(reader), 'rnofgaci');
  });

  it('reads the finish reason of each choice', () => {
    const end = (index: number, finish_reason: string) => ({
      choices: [{ index, delta: {}, finish_reason }],
    });
    assert.deepEqual(read(CHAT, end(0, 'stop'), end(1, 'length')).response().finishReasons, [
      'stop',
      'length',
    ]);
  });

  it('ignores a usage whose input or output is implausible', () => {
    const half = [{ prompt_tokens: 5 }, { completion_tokens: 5 }, { prompt_tokens: 0, completion_tokens: 5 }];
    for (const bad of [{}, 'x', [], { prompt_tokens: -1, completion_tokens: 'x' }, ...half]) {
      assert.equal(read(CHAT, { choices: [], usage: bad }).usageSeen, false, JSON.stringify(bad));
    }
    assert.equal(read(CHAT, { usage: { prompt_tokens: 5, completion_tokens: 0 } }).usageSeen, true);
  });

  it('passes on each piece of text as it arrives', () => {
    const pieces: string[] = [];
    const reader = new StreamReader(CHAT, (piece) => pieces.push(piece));
    for (const one of [delta({ content: 'a' }), delta({ content: '' }), delta({ content: 'b' })])
      reader.read(one);
    assert.deepEqual([pieces, reader.texts], [['a', 'b'], ['ab']]);
  });
});

describe('StreamReader, of Completions', () => {
  it('reads the text', () => {
    const reader = read(
      COMPLETIONS,
      { id: 'cmpl', choices: [{ text: 'ab' }] },
      { choices: [{ text: 'c', finish_reason: 'length' }] },
    );
    assert.equal(text(reader), 'abc');
    assert.deepEqual([reader.response().id, reader.response().finishReasons], ['cmpl', ['length']]);
  });
});

describe('StreamReader, of Responses', () => {
  const response = { id: 'resp_1', model: 'gpt-5.2', status: 'in_progress' };
  const usage = { input_tokens: 20, output_tokens: 30, output_tokens_details: { reasoning_tokens: 10 } };

  it('reads usage, identity and text', () => {
    const reader = read(
      RESPONSES,
      { type: 'response.created', response },
      { type: 'response.output_item.added', item: { type: 'function_call', name: 'f', arguments: '' } },
      { type: 'response.output_text.delta', delta: 'Hel' },
      { type: 'response.function_call_arguments.delta', delta: '{}' },
      { type: 'response.output_text.done', text: 'Hello' },
    );
    assert.deepEqual([reader.usageSeen, text(reader)], [false, 'fHel{}']);
    reader.read({
      type: 'response.completed',
      response: { ...response, status: 'completed', usage, service_tier: 'flex' },
    });
    const parsed = reader.response();
    assert.equal(reader.usageSeen, true);
    assert.deepEqual([parsed.id, parsed.model, parsed.serviceTier], ['resp_1', 'gpt-5.2', 'flex']);
    assert.deepEqual([parsed.usage.usage.input, parsed.usage.usage.reasoning], [20, 10]);
    assert.deepEqual([parsed.finishReasons, parsed.unfinished], [['stop'], false]);
  });

  for (const type of ['response.completed', 'response.incomplete', 'response.failed', 'response.cancelled']) {
    it(`reads the usage in ${type}`, () => {
      const reader = read(RESPONSES, { type, response: { ...response, usage } });
      assert.deepEqual([reader.usageSeen, reader.response().usage.usage.output], [true, 30]);
      assert.equal(read(RESPONSES, { type, response }).usageSeen, false);
    });
  }

  it('reads why a response is incomplete', () => {
    const incomplete = {
      ...response,
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    };
    const reader = read(RESPONSES, { type: 'response.incomplete', response: incomplete });
    assert.deepEqual(reader.response().finishReasons, ['length']);
  });

  it('reads errors', () => {
    const error = { code: 'server_error', message: 'x' };
    const failed = { type: 'response.failed', response: { ...response, status: 'failed', error } };
    assert.equal(read(RESPONSES, failed).error, error);
    const event = { type: 'error', code: 'rate_limit_exceeded' };
    assert.equal(read(RESPONSES, event).error, event);
    assert.equal(read(RESPONSES, { type: 'response.created', response: { error: null } }).error, undefined);
  });
});

describe('StreamReader, of any events', () => {
  const value = fc.oneof(
    fc.anything({ maxDepth: 2 }),
    fc.constantFrom<unknown>(
      null,
      'x',
      -1,
      Number.NaN,
      1e300,
      [],
      [null],
      {},
      { content: 5, tool_calls: [[], 5] },
    ),
    fc.record({ prompt_tokens: fc.anything(), completion_tokens: fc.integer() }),
    fc.array(fc.record({ delta: fc.anything(), finish_reason: fc.anything(), text: fc.anything() }), {
      maxLength: 2,
    }),
    fc.constantFrom('response.completed', 'error', '.delta', 'response.output_text.delta'),
  );
  const keys = ['id', 'model', 'choices', 'usage', 'type', 'delta', 'response', 'service_tier'];
  const event = fc.oneof(
    fc.record(Object.fromEntries(keys.map((key) => [key, value])), { requiredKeys: [] }),
    fc.anything(),
  );

  it('never throws, and returns a valid usage', () => {
    const endpoints = fc.constantFrom(CHAT, COMPLETIONS, RESPONSES);
    fc.assert(
      fc.property(endpoints, fc.array(event, { maxLength: 8 }), (endpoint, events) => {
        const reader = read(endpoint, ...events);
        const { usage, finishReasons } = reader.response();
        for (const kind of USAGE_KINDS) {
          assert.ok(Number.isInteger(usage.usage[kind]) && usage.usage[kind] >= 0, kind);
        }
        for (const one of [...reader.texts, ...finishReasons]) assert.equal(typeof one, 'string');
      }),
      { numRuns: 1000 },
    );
  });
});
