import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { costOf, PriceBook, PriceUnknownError, type RateCard, ratesFor } from '../../src/pricing/index.ts';
import { type BilledUnits, tokenUsage, UNIT_KINDS } from '../../src/usage/index.ts';

const book = new PriceBook();

function cost(card: RateCard, units: readonly BilledUnits[], tokens = {}): number {
  const usage = tokenUsage({ ...tokens, units });
  return costOf(usage, ratesFor(card.tiers, usage.input), card.units);
}

describe('units that are not tokens', () => {
  const cases: readonly (readonly [string, BilledUnits, number])[] = [
    ['tts-1', { unit: 'character', quantity: 1 }, 15_000],
    ['tts-1-hd-1106', { unit: 'character', quantity: 1_000_000 }, 30_000_000_000],
    ['whisper-1', { unit: 'audio_ms', quantity: 60_000 }, 6_000_000],
    ['whisper-1', { unit: 'audio_ms', quantity: 1 }, 100],
    ['gpt-transcribe', { unit: 'audio_ms', quantity: 3_600_000 }, 270_000_000],
    ['gpt-5.2', { unit: 'web_search', quantity: 1 }, 10_000_000],
    ['gpt-4o', { unit: 'web_search', quantity: 1, variant: 'preview' }, 25_000_000],
    ['gpt-5.2', { unit: 'file_search', quantity: 1 }, 2_500_000],
    ['gpt-5.2', { unit: 'container', quantity: 1, variant: '64g' }, 1_920_000_000],
    ['gpt-5.2', { unit: 'container', quantity: 1, variant: 'unheard-of' }, 1_920_000_000],
    ['gpt-5.2', { unit: 'picture', quantity: 1 }, 0],
  ];
  for (const [model, units, nanoUsd] of cases) {
    it(`cost ${nanoUsd} nano-USD: ${model}, ${JSON.stringify(units)}`, () => {
      const card = book.lookup({ model });
      assert.equal(card.source, 'book');
      assert.equal(cost(card, [units]), nanoUsd);
    });
  }

  it('are rounded up once, with the tokens', () => {
    const card = book.lookup({ model: 'gpt-5.2' });
    const fee = { unit: 'file_search', quantity: 1 } as const;
    assert.equal(cost(card, [fee, fee], { input: 1 }), 5_000_000 + 1_750);
  });

  it('are exact for any quantity', () => {
    const card = book.lookup({ model: 'tts-1' });
    fc.assert(
      fc.property(fc.maxSafeNat(), (quantity) => {
        const exact = BigInt(quantity) * 15_000n;
        assert.equal(BigInt(cost(card, [{ unit: 'character', quantity }])), BigInt(Number(exact)));
      }),
    );
  });

  it('have the price that was set', () => {
    const prices = { mine: { input: 1, output: 2, picture: 0.5, second: 0.001, characters: 4 } };
    const card = new PriceBook({ prices }).lookup({ model: 'mine' });
    assert.equal(cost(card, [{ unit: 'picture', quantity: 1, variant: 'any' }]), 500_000_000);
    assert.equal(cost(card, [{ unit: 'audio_ms', quantity: 1_500 }]), 1_500_000);
    assert.equal(cost(card, [{ unit: 'video_ms', quantity: 1_500 }]), 1_500_000);
    assert.equal(cost(card, [{ unit: 'character', quantity: 250 }], { input: 1 }), 1_000_000 + 1_000);
  });

  it('of an unknown model have the highest price, none, or are denied, by the policy', () => {
    const one = { unit: 'picture', quantity: 1 } as const;
    const second = { unit: 'video_ms', quantity: 1_000 } as const;
    assert.equal(cost(book.lookup({ model: 'xyz' }), [one]), 120_000_000);
    assert.equal(cost(book.lookup({ model: 'xyz' }), [second]), 700_000_000);
    assert.equal(cost(book.lookup({ model: 'xyz' }), [{ unit: 'character', quantity: 1 }]), 30_000);
    assert.equal(cost(new PriceBook({ unknownModel: 'zero' }).lookup({ model: 'xyz' }), [one]), 0);
    const strict = new PriceBook({ unknownModel: 'error' });
    assert.throws(() => strict.lookup({ model: 'xyz' }), PriceUnknownError);
    assert.equal(strict.lookup({ model: 'tts-1' }).source, 'book');
    assert.equal(book.findKnown({ model: 'tts-1' })?.source, 'book');
  });

  it('are absent from a usage without units', () => {
    assert.equal('units' in tokenUsage({ units: [] }), false);
    assert.equal(UNIT_KINDS.length, 7);
  });
});

describe('cached input of other kinds than text', () => {
  it('has its own price, and is subtracted from both wholes', () => {
    const { tiers } = book.lookup({ model: 'gpt-realtime-mini' });
    const usage = tokenUsage({
      input: 1_000,
      cachedInput: 300,
      audioInput: 600,
      imageInput: 100,
      cachedAudioInput: 200,
      cachedImageInput: 50,
    });
    // 250 text and 50 cached of it, 400 audio and 200 cached, 50 pictures and 50 cached.
    const pico = 250 * 0.6 + 50 * 0.06 + 400 * 10 + 200 * 0.3 + 50 * 0.8 + 50 * 0.08;
    assert.equal(costOf(usage, ratesFor(tiers, usage.input)), Math.ceil(pico * 1_000));
  });
});
