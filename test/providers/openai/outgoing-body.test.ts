import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CallPlan } from '../../../src/providers/contract/call-plan.ts';
import { isUsageChunk, outgoingBody } from '../../../src/providers/openai/outgoing-body.ts';
import { compatible, plan } from '../../support/call-plans.ts';

type IncludeUsage = 'auto' | 'always' | 'never';

function sent(made: CallPlan, options: { includeUsage?: IncludeUsage; cap?: number } = {}) {
  const { includeUsage = 'auto', cap } = options;
  return outgoingBody({ includeUsage }, made, cap);
}

const chat = (body: object, options = {}) =>
  plan('/chat/completions', { model: 'gpt-4o', messages: [], ...body }, options);

describe('the body that is sent', () => {
  it('is the very one of the caller where nothing has to change', () => {
    const bodies = [
      chat({}),
      chat({ max_completion_tokens: 50 }),
      chat({ stream: true, stream_options: { include_usage: true } }),
      plan('/responses', { stream: true, input: 'x' }),
      plan('/embeddings', { model: 'text-embedding-3-small', input: 'x' }),
    ];
    for (const made of bodies) {
      const { body, addsUsageChunk: asksUsage } = sent(made);
      assert.equal(body, made.body);
      assert.equal(asksUsage, false);
    }
  });

  it('is otherwise a copy', () => {
    const made = chat({ stream: true });
    const before = structuredClone(made.body);
    assert.notEqual(sent(made).body, made.body);
    assert.deepEqual(made.body, before);
  });
});

describe('the usage of a stream', () => {
  it('is asked for of OpenAI', () => {
    const { body, addsUsageChunk: asksUsage } = sent(chat({ stream: true }));
    assert.deepEqual(body, {
      model: 'gpt-4o',
      messages: [],
      stream: true,
      stream_options: { include_usage: true },
    });
    assert.equal(asksUsage, true);
    assert.equal(sent(plan('/completions', { model: 'davinci-002', stream: true })).addsUsageChunk, true);
  });

  it('is asked for beside the other options', () => {
    const options = { include_obfuscation: false, include_usage: false };
    assert.deepEqual(sent(chat({ stream: true, stream_options: options })).body['stream_options'], {
      include_obfuscation: false,
      include_usage: true,
    });
    assert.deepEqual(sent(chat({ stream: true, stream_options: null })).body['stream_options'], {
      include_usage: true,
    });
  });

  it('is not asked for of a server that may not know the option, but where it is set so', () => {
    const made = chat({ stream: true }, { client: compatible });
    assert.equal(sent(made).body, made.body);
    assert.equal(sent(made, { includeUsage: 'always' }).addsUsageChunk, true);
    assert.equal(sent(chat({ stream: true }), { includeUsage: 'never' }).addsUsageChunk, false);
  });

  it('is not asked for of Responses or of what does not stream', () => {
    const always = { includeUsage: 'always' } as const;
    assert.equal(sent(plan('/responses', { stream: true }), always).addsUsageChunk, false);
    assert.equal(sent(chat({}), always).addsUsageChunk, false);
    assert.equal(sent(plan('/embeddings', { stream: true }), always).addsUsageChunk, false);
  });
});

describe('the cap', () => {
  for (const [name, made, field] of [
    ['chat', chat({}), 'max_completion_tokens'],
    ['chat with max_tokens', chat({ max_tokens: 900 }), 'max_tokens'],
    ['chat elsewhere', chat({}, { client: compatible }), 'max_tokens'],
    ['Responses', plan('/responses', { model: 'gpt-5.2', input: 'x' }), 'max_output_tokens'],
    ['Completions', plan('/completions', { model: 'davinci-002', max_tokens: 900 }), 'max_tokens'],
  ] as const) {
    it(`of ${name} is lowered in ${field}`, () => {
      const { body } = sent(made, { cap: 77 });
      assert.deepEqual(body, { ...made.body, [field]: 77 });
    });
  }

  it('and usage are asked for together', () => {
    const { body } = sent(chat({ stream: true, max_completion_tokens: 500 }), { cap: 20 });
    assert.equal(body['max_completion_tokens'], 20);
    assert.deepEqual(body['stream_options'], { include_usage: true });
  });
});

describe('the chunk that only carries usage', () => {
  it('is told by its empty choices', () => {
    assert.ok(isUsageChunk({ choices: [], usage: { prompt_tokens: 1 } }));
    for (const chunk of [
      { choices: [], usage: null },
      { choices: [] },
      { choices: [{}], usage: {} },
      { usage: {} },
      { choices: null, usage: {} },
      null,
      'x',
    ]) {
      assert.ok(!isUsageChunk(chunk), JSON.stringify(chunk));
    }
  });
});
