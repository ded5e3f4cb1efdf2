import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CallPlan } from '../../../src/providers/contract/call-plan.ts';
import { isUsageChunk, outgoingBody } from '../../../src/providers/openai/outgoing-body.ts';
import { compatible, planOf } from '../../support/call-plans.ts';

type IncludeUsage = 'auto' | 'always' | 'never';

function bodyOf(plan: CallPlan, options: { includeUsage?: IncludeUsage; cap?: number } = {}) {
  const { includeUsage = 'auto', cap } = options;
  return outgoingBody({ includeUsage }, plan, cap);
}

const chat = (body: object, options = {}) =>
  planOf('/chat/completions', { model: 'gpt-4o', messages: [], ...body }, options);

describe('outgoingBody', () => {
  it("returns the caller's own body if nothing changes", () => {
    const bodies = [
      chat({}),
      chat({ max_completion_tokens: 50 }),
      chat({ stream: true, stream_options: { include_usage: true } }),
      planOf('/responses', { stream: true, input: 'x' }),
      planOf('/embeddings', { model: 'text-embedding-3-small', input: 'x' }),
    ];
    for (const plan of bodies) {
      const { body, addsUsageChunk } = bodyOf(plan);
      assert.equal(body, plan.body);
      assert.equal(addsUsageChunk, false);
    }
  });

  it('returns a copy otherwise', () => {
    const plan = chat({ stream: true });
    const before = structuredClone(plan.body);
    assert.notEqual(bodyOf(plan).body, plan.body);
    assert.deepEqual(plan.body, before);
  });
});

describe('the usage chunk of a stream', () => {
  it('is requested from OpenAI', () => {
    const { body, addsUsageChunk } = bodyOf(chat({ stream: true }));
    assert.deepEqual(body, {
      model: 'gpt-4o',
      messages: [],
      stream: true,
      stream_options: { include_usage: true },
    });
    assert.equal(addsUsageChunk, true);
    assert.equal(bodyOf(planOf('/completions', { model: 'davinci-002', stream: true })).addsUsageChunk, true);
  });

  it('is requested in addition to other stream options', () => {
    const options = { include_obfuscation: false, include_usage: false };
    assert.deepEqual(bodyOf(chat({ stream: true, stream_options: options })).body['stream_options'], {
      include_obfuscation: false,
      include_usage: true,
    });
    assert.deepEqual(bodyOf(chat({ stream: true, stream_options: null })).body['stream_options'], {
      include_usage: true,
    });
  });

  it('is not requested from other servers, unless configured', () => {
    const plan = chat({ stream: true }, { client: compatible });
    assert.equal(bodyOf(plan).body, plan.body);
    assert.equal(bodyOf(plan, { includeUsage: 'always' }).addsUsageChunk, true);
    assert.equal(bodyOf(chat({ stream: true }), { includeUsage: 'never' }).addsUsageChunk, false);
  });

  it('is not requested from Responses, or without a stream', () => {
    const always = { includeUsage: 'always' } as const;
    assert.equal(bodyOf(planOf('/responses', { stream: true }), always).addsUsageChunk, false);
    assert.equal(bodyOf(chat({}), always).addsUsageChunk, false);
    assert.equal(bodyOf(planOf('/embeddings', { stream: true }), always).addsUsageChunk, false);
  });
});

describe('a lowered cap', () => {
  for (const [name, plan, field] of [
    ['chat', chat({}), 'max_completion_tokens'],
    ['chat with max_tokens', chat({ max_tokens: 900 }), 'max_tokens'],
    ['chat at another server', chat({}, { client: compatible }), 'max_tokens'],
    ['Responses', planOf('/responses', { model: 'gpt-5.2', input: 'x' }), 'max_output_tokens'],
    ['Completions', planOf('/completions', { model: 'davinci-002', max_tokens: 900 }), 'max_tokens'],
  ] as const) {
    it(`of ${name} is set in ${field}`, () => {
      const { body } = bodyOf(plan, { cap: 77 });
      assert.deepEqual(body, { ...plan.body, [field]: 77 });
    });
  }

  it('is combined with the request for usage', () => {
    const { body } = bodyOf(chat({ stream: true, max_completion_tokens: 500 }), { cap: 20 });
    assert.equal(body['max_completion_tokens'], 20);
    assert.deepEqual(body['stream_options'], { include_usage: true });
  });
});

describe('isUsageChunk', () => {
  it('is true if the choices are empty and there is usage', () => {
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
