import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  DEFAULT_MINUTES,
  MINUTES_PER_RATE,
  minutesToNanoUsd,
  minutesToUsd,
  nanoUsdToOutputTokens,
  USD_PER_RATE,
} from '../../src/budget/index.ts';
import { PriceBook } from '../../src/pricing/index.ts';

const output = new PriceBook().lookup({ model: 'gpt-5.2' }).tiers[0]?.rates.output ?? 0;

describe('working time as money and as output of gpt-5.2', () => {
  const table: readonly (readonly [minutes: number, usd: number, tokens: number])[] = [
    [0, 0, 0],
    [15, 0.625, 44_642],
    [30, 1.25, 89_285],
    [60, 2.5, 178_571],
    [120, 5, 357_142],
    [240, 10, 714_285],
    [480, 20, 1_428_571],
  ];
  for (const [minutes, usd, tokens] of table) {
    it(`${minutes} minutes are $${usd} and ${tokens} tokens`, () => {
      assert.equal(minutesToUsd(minutes), usd);
      assert.equal(minutesToNanoUsd(minutes), usd * 1e9);
      assert.equal(nanoUsdToOutputTokens(minutesToNanoUsd(minutes), output), tokens);
    });
  }

  it('is $10 for 4 hours, and 15 minutes by default', () => {
    assert.deepEqual([USD_PER_RATE, MINUTES_PER_RATE, DEFAULT_MINUTES], [10, 240, 15]);
  });

  it('is rounded down to the tokens that are paid for', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10 ** 13 }), fc.integer({ min: 1, max: 600_000_000 }), (nano, price) => {
        const tokens = BigInt(nanoUsdToOutputTokens(nano, price));
        assert.ok(tokens * BigInt(price) <= BigInt(nano) * 1000n);
        assert.ok((tokens + 1n) * BigInt(price) > BigInt(nano) * 1000n);
      }),
      { numRuns: 500 },
    );
  });

  it('has no time below zero and no price of zero', () => {
    for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => minutesToNanoUsd(bad), RangeError, `${bad}`);
    }
    for (const bad of [0, -1, Number.NaN]) {
      assert.throws(() => nanoUsdToOutputTokens(1, bad), RangeError, `${bad}`);
    }
  });
});
