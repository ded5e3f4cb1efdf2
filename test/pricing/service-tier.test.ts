import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isPriorityTier, PriceBook, type Rates, ratesOfTier } from '../../src/pricing/index.ts';

const book = new PriceBook();

/** Input, cached input and output of a model at a tier, USD per million tokens. */
function prices(model: string, tier: string | undefined): number[] {
  const card = book.lookup({ model });
  const rates = card.tiers[0]?.rates;
  assert.ok(rates);
  const { input, cachedInput, output } = ratesOfTier(rates, tier, card.pricedAs ?? card.model);
  return [input / 1e6, cachedInput / 1e6, output / 1e6];
}

describe('a service tier', () => {
  for (const tier of [undefined, 'default', 'auto', 'scale', 'standard', '']) {
    it(`${tier} is the standard price`, () => assert.deepEqual(prices('gpt-5.2', tier), [1.75, 0.175, 14]));
  }

  for (const tier of ['flex', 'batch']) {
    it(`${tier} is half of it`, () => assert.deepEqual(prices('gpt-5.2', tier), [0.875, 0.0875, 7]));
  }

  it('applies to every kind of token', () => {
    const rates: Rates = {
      input: 10,
      cachedInput: 20,
      cacheWrite: 30,
      audioInput: 40,
      imageInput: 50,
      cachedAudioInput: 60,
      cachedImageInput: 70,
      output: 80,
      audioOutput: 90,
      imageOutput: 100,
    };
    for (const [tier, times] of [
      ['batch', 0.5],
      ['priority', 2],
    ] as const) {
      const scaled = Object.fromEntries(Object.entries(rates).map(([kind, rate]) => [kind, rate * times]));
      assert.deepEqual(ratesOfTier(rates, tier, 'gpt-5.2'), scaled);
    }
  });

  it('is rounded up if half a price is not whole', () => {
    const rates = book.lookup({ model: 'gpt-5.2' }).tiers[0]?.rates;
    assert.ok(rates);
    assert.equal(ratesOfTier({ ...rates, input: 3 }, 'flex', 'gpt-5.2').input, 2);
  });

  // The table of https://openai.com/api-priority-processing/
  const priority: readonly (readonly [string, readonly [number, number, number]])[] = [
    ['gpt-5.5', [12.5, 1.25, 75]],
    ['gpt-5.4', [5, 0.5, 30]],
    ['gpt-5.4-mini', [1.5, 0.15, 9]],
    ['gpt-5.2', [3.5, 0.35, 28]],
    ['gpt-5.1', [2.5, 0.25, 20]],
    ['gpt-5', [2.5, 0.25, 20]],
    ['gpt-5-mini', [0.45, 0.045, 3.6]],
    ['gpt-4.1', [3.5, 0.875, 14]],
    ['gpt-4.1-mini', [0.7, 0.175, 2.8]],
    ['gpt-4.1-nano', [0.2, 0.05, 0.8]],
    ['gpt-4o', [4.25, 2.125, 17]],
    ['gpt-4o-2024-08-06', [4.25, 2.125, 17]],
    ['gpt-4o-mini', [0.25, 0.125, 1]],
    ['o3', [3.5, 0.875, 14]],
    ['o4-mini', [2, 0.5, 8]],
  ];
  for (const [model, expected] of priority) {
    it(`priority of ${model} is ${expected.join(', ')}`, () => {
      assert.deepEqual(prices(model, 'priority'), expected);
    });
  }

  it('priority of an unlisted model is two and a half times the standard price, the highest that is listed', () => {
    const most = prices('o1', undefined).map((price) => price * 2.5);
    assert.deepEqual(prices('o1', 'priority'), most);
  });

  it('priority of gpt-4o-2024-05-13 is 8.75, 26.25', () => {
    const [input, , output] = prices('gpt-4o-2024-05-13', 'priority');
    assert.deepEqual([input, output], [8.75, 26.25]);
  });

  // `fast` is the new name of `priority` (openai 7, `service_tier`; https://developers.openai.com/api/docs/guides/fast-mode).
  for (const tier of ['fast', 'ultrafast']) {
    it(`${tier} is priority`, () => {
      assert.ok(isPriorityTier(tier));
      assert.deepEqual(prices('gpt-5.2', tier), prices('gpt-5.2', 'priority'));
    });
  }

  it('is distinguished from other tiers', () => {
    for (const tier of [undefined, null, 5, '', 'Priority', 'default', 'flex'])
      assert.ok(!isPriorityTier(tier));
  });
});
