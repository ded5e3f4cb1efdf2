import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { requestAttributes } from '../../src/calls/telemetry/request-attributes.ts';
import { ANTHROPIC_API } from '../../src/providers/anthropic/index.ts';
import { planRequest } from '../../src/providers/index.ts';
import { usageAttributes } from '../../src/telemetry/names/index.ts';
import { tokenUsage } from '../../src/usage/index.ts';
import { openai, planOf } from '../support/call-plans.ts';

describe('the attributes of a request', () => {
  it('have the reasoning level as Chat, Responses and Messages name it', () => {
    const messages = [{ role: 'user', content: 'Hm?' }];
    const target = {
      hostname: 'api.anthropic.com',
      path: '/messages',
      baseURL: 'https://api.anthropic.com/v1',
    };
    const body = {
      model: 'claude-opus-4-6',
      messages,
      max_tokens: 9,
      top_k: 40,
      temperature: 0.5,
      output_config: { effort: 'max' },
    };
    const anthropic = ANTHROPIC_API.plan(target, body, undefined);
    assert.ok(anthropic);
    const level = (plan: typeof anthropic) =>
      requestAttributes(plan).attributes['gen_ai.request.reasoning.level'];
    assert.equal(level(planOf('/chat/completions', { messages, reasoning_effort: 'low' })), 'low');
    assert.equal(level(planOf('/responses', { input: 'x', reasoning: { effort: 'high' } })), 'high');
    assert.equal(level(planOf('/responses', { input: 'x', reasoning: { effort: null } })), undefined);
    assert.equal(level(anthropic), 'max');
    const { attributes } = requestAttributes(anthropic);
    assert.deepEqual(
      [attributes['gen_ai.request.top_k'], attributes['gen_ai.request.temperature']],
      [40, 0.5],
    );
  });

  it('name the response that is continued, and the prompt that the service keeps', () => {
    const { attributes } = requestAttributes(
      planOf('/responses', { previous_response_id: 'resp_1', prompt: { id: 'pmpt_1', version: '2' } }),
    );
    assert.equal(attributes['gen_ai.request.previous_response.id'], 'resp_1');
    assert.deepEqual(
      [attributes['gen_ai.prompt.name'], attributes['gen_ai.prompt.version']],
      ['pmpt_1', '2'],
    );
    const plain = requestAttributes(planOf('/completions', { prompt: 'x' })).attributes;
    assert.equal('gen_ai.prompt.name' in plain, false);
  });

  it('say that a conversation was compacted only if its input has a compaction', () => {
    const name = 'gen_ai.conversation.compacted';
    const compacted = (input: unknown) => requestAttributes(planOf('/responses', { input })).attributes[name];
    assert.equal(compacted([{ type: 'compaction', encrypted_content: 'x' }, { role: 'user' }]), true);
    assert.equal(compacted([{ role: 'user', content: 'x' }, null]), undefined);
    assert.equal(compacted('x'), undefined);
  });

  for (const [path, type] of [
    ['/images/generations', 'image'],
    ['/audio/speech', 'speech'],
    ['/audio/transcriptions', undefined],
  ] as const) {
    it(`have ${type ?? 'no'} output type for ${path}`, () => {
      const plan = planRequest(openai, { method: 'post', path, body: { model: 'x' } });
      assert.ok(plan);
      assert.equal(requestAttributes(plan).attributes['gen_ai.output.type'], type);
    });
  }
});

describe('the attributes of usage', () => {
  const attributesOf = (kinds: Parameters<typeof tokenUsage>[0]) =>
    usageAttributes(tokenUsage(kinds), true, 'response', { costNanoUsd: 0 });

  it('are split by modality where the response does so', () => {
    const attributes = attributesOf({
      input: 300,
      imageInput: 200,
      cachedInput: 50,
      cachedImageInput: 10,
      cacheWrite: 5,
      output: 1_056,
      imageOutput: 1_000,
    });
    const expected = {
      'text.input_tokens': 100,
      'image.input_tokens': 200,
      'cache_read.input_tokens': 50,
      'image.cache_read.input_tokens': 10,
      'text.cache_read.input_tokens': 40,
      'cache_write.input_tokens': 5,
      'image.output_tokens': 1_000,
      'text.output_tokens': 56,
    };
    for (const [name, value] of Object.entries(expected))
      assert.equal(attributes[`gen_ai.usage.${name}`], value, name);
  });

  it('are not split where the response does not', () => {
    const names = Object.keys(attributesOf({ input: 300, cachedInput: 50, output: 9 }));
    assert.deepEqual(
      names.filter((name) => /\.(text|audio|image)\./.test(name)),
      [],
    );
  });
});
