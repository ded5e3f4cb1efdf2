import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { calcPrice } from '@pydantic/genai-prices';
import fc from 'fast-check';
import { bookModels } from '../../src/pricing/genai-prices.ts';
import { costOf, PriceBook, ratesFor } from '../../src/pricing/index.ts';
import { type TokenUsage, tokenUsage } from '../../src/usage/index.ts';

const book = new PriceBook();

/** A name that the library takes: fine-tuned models match longer names than their ids alone. */
function nameOf(id: string): string {
  return calcPrice({}, id, { providerId: 'openai' }) === null ? `${id}-2024-08-06:org::id` : id;
}

const models = bookModels().map(({ id }) => nameOf(id));

/** The library's price in USD. Parts of two kinds at once (cached audio) are none: OpenAI does not report them. */
function libraryPrice(model: string, usage: TokenUsage): number {
  const price = calcPrice(
    {
      input_tokens: usage.input,
      cache_read_tokens: usage.cachedInput,
      cache_write_tokens: usage.cacheWrite,
      input_audio_tokens: usage.audioInput,
      input_image_tokens: usage.imageInput,
      cache_audio_read_tokens: 0,
      cache_image_read_tokens: 0,
      output_tokens: usage.output,
      output_audio_tokens: usage.audioOutput,
      output_image_tokens: usage.imageOutput,
    },
    model,
    { providerId: 'openai' },
  );
  assert.ok(price, `${model} has a price`);
  return price.total_price;
}

/**
 * Ours is the library's price in nano-USD, rounded up. The library adds doubles: a sum of eight products is within
 * 16 units in the last place of the exact one, and by that much may lie beyond a whole nano-USD.
 */
function assertSame(model: string, usage: TokenUsage): void {
  const ours = costOf(usage, ratesFor(book.lookup({ model }).tiers, usage.input));
  const theirs = libraryPrice(model, usage) * 1e9;
  const epsilon = theirs * 16 * Number.EPSILON + 1e-6;
  assert.ok(Number.isSafeInteger(ours));
  assert.ok(
    ours > theirs - epsilon && ours < theirs + 1 + epsilon,
    `${model}: ${ours} for ${theirs} of ${JSON.stringify(usage)}`,
  );
}

const input = fc.oneof(
  fc.nat({ max: 20_000 }),
  fc.integer({ min: 271_000, max: 273_000 }),
  fc.nat({ max: 1_050_000 }),
);

/** Cuts a whole into disjoint parts by shares in percent. */
function cut(whole: number, shares: readonly number[]): number[] {
  const sum = shares.reduce((total, share) => total + share, 0);
  const of = Math.max(100, sum);
  return shares.map((share) => Math.floor((whole * share) / of));
}

const share = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.nat({ max: 100 }));
const usages = fc
  .record({
    input,
    output: fc.nat({ max: 128_000 }),
    inputShares: fc.tuple(share, share, share, share),
    outputShares: fc.tuple(share, share),
  })
  .map(({ input, output, inputShares, outputShares }) => {
    const [cachedInput = 0, cacheWrite = 0, audioInput = 0, imageInput = 0] = cut(input, inputShares);
    const [audioOutput = 0, imageOutput = 0] = cut(output, outputShares);
    const parts = { cachedInput, cacheWrite, audioInput, imageInput, audioOutput, imageOutput };
    return tokenUsage({ input, output, ...parts });
  });

describe('the price book and the library that it reads', () => {
  it('know a good many models', () => assert.ok(models.length >= 90, `${models.length}`));

  it('know the fine-tuned models, whose ids alone the library does not take', () => {
    const tuned = bookModels().filter(({ id }) => nameOf(id) !== id);
    assert.deepEqual(
      tuned.map(({ id }) => id),
      ['ft:gpt-4o', 'ft:gpt-4o-mini'],
    );
    for (const { id, tiers } of tuned) {
      assert.deepEqual(book.lookup({ model: nameOf(id) }).tiers, tiers);
      assert.equal(book.lookup({ model: nameOf(id) }).pricedAs, id);
    }
  });

  it('agree on every model and usage', () => {
    fc.assert(fc.property(fc.constantFrom(...models), usages, assertSame), { numRuns: 3000 });
  });

  for (const [name, usage] of Object.entries({
    plain: { input: 1234, output: 567 },
    cached: { input: 5000, cachedInput: 4096, output: 100 },
    'cache write': { input: 5000, cachedInput: 1024, cacheWrite: 2048, output: 1 },
    'just under a long context': { input: 271_999, output: 1000 },
    'at the start of a long context': { input: 272_000, cachedInput: 1000, output: 1000 },
    'a long context': { input: 272_001, cachedInput: 100_000, cacheWrite: 7, output: 1000 },
    'one token': { input: 1 },
  })) {
    it(`agree on every model: ${name}`, () => {
      for (const model of models) assertSame(model, tokenUsage(usage));
    });
  }

  it('agree that some models have a price for long contexts', () => {
    const tiered = bookModels().filter(({ tiers }) => tiers.length > 1);
    assert.ok(tiered.length >= 9);
    for (const { tiers } of tiered) assert.ok((tiers[1]?.rates.input ?? 0) > (tiers[0]?.rates.input ?? 0));
  });
});
