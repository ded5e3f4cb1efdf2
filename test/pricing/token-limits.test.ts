import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bookModels } from '../../src/pricing/genai-prices.ts';
import { hidesReasoning, maxOutputTokens } from '../../src/pricing/index.ts';

describe('the maximum output of a model', () => {
  const cases: readonly (readonly [string, number])[] = [
    ['gpt-3.5-turbo', 4_096],
    ['gpt-35-turbo', 4_096],
    ['gpt-4', 8_192],
    ['gpt-4-0613', 8_192],
    ['gpt-4-turbo-2024-04-09', 4_096],
    ['gpt-4o', 16_384],
    ['gpt-4o-2024-05-13', 4_096],
    ['gpt-4o-mini', 16_384],
    ['gpt-4.1-nano', 32_768],
    ['gpt-5.2', 128_000],
    ['gpt-5-chat-latest', 16_384],
    ['gpt-5-pro', 272_000],
    ['o1', 100_000],
    ['o3', 100_000],
    ['ft:gpt-4o-2024-08-06:org::id', 16_384],
    ['a-model-nobody-knows', 272_000],
    ['', 272_000],
  ];
  for (const [model, tokens] of cases) {
    it(`${model}: ${tokens}`, () => assert.equal(maxOutputTokens(model), tokens));
  }

  it('is known of every model of the book', () => {
    for (const { id } of bookModels()) assert.ok(maxOutputTokens(id) >= 1_024, id);
  });
});

describe('hidden reasoning', () => {
  for (const model of [
    'o1',
    'o3-mini',
    'gpt-5',
    'gpt-5.2',
    'gpt-6-sol',
    'codex-mini-latest',
    'ft:o4-mini:x',
  ]) {
    it(`${model} hides`, () => assert.ok(hidesReasoning(model)));
  }
  for (const model of [
    'gpt-4o',
    'gpt-4.1',
    'gpt-5-chat-latest',
    'gpt-3.5-turbo',
    'text-embedding-3-small',
    '',
  ]) {
    it(`${model} does not`, () => assert.ok(!hidesReasoning(model)));
  }
});
