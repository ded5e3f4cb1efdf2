import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatUsd, MAX_USD, NANO_PER_USD, nanoToUsd, usdToNano } from '../../src/pricing/index.ts';

describe('USD as nano-USD', () => {
  it('are exact integers', () => {
    assert.equal(usdToNano(0.625), 625_000_000);
    assert.equal(usdToNano(10), 10_000_000_000);
    assert.equal(usdToNano(0.1) + usdToNano(0.2), usdToNano(0.3));
    assert.equal(usdToNano(1e-9), 1);
    assert.equal(usdToNano(0), 0);
  });

  it('are safe integers up to the most that is taken', () => {
    assert.ok(Number.isSafeInteger(usdToNano(MAX_USD)));
    assert.ok(!Number.isSafeInteger((MAX_USD + 1) * NANO_PER_USD));
  });

  for (const bad of [-0.01, Number.NaN, Number.POSITIVE_INFINITY, MAX_USD + 1]) {
    it(`are not made of ${bad}`, () => assert.throws(() => usdToNano(bad), RangeError));
  }

  it('come back from nano-USD', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10 ** 15 }), (nano) => assert.equal(usdToNano(nanoToUsd(nano)), nano)),
      { numRuns: 500 },
    );
  });
});

describe('nano-USD as text', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '$0.00'],
    [625_000_000, '$0.625'],
    [10_000_000_000, '$10.00'],
    [20_000, '$0.00002'],
    [1, '$0.000000001'],
    [1_234_567_890_000_000, '$1,234,567.89'],
    [1_234_567_891, '$1.23'],
    [999_960_000, '$1.00'],
    [123_456_789, '$0.1235'],
    [420_000_000, '$0.42'],
    [18_426_000, '$0.01843'],
    [4_200_000, '$0.0042'],
    [1_234_567, '$0.001235'],
    [0.25e9 / 3, '$0.08333'],
    [-2_500_000_000, '-$2.50'],
    [1_100_000_000, '$1.10'],
  ];
  for (const [nano, text] of cases) it(text, () => assert.equal(formatUsd(nano), text));

  it('is off by half a cent at most from a dollar on, by half of the fourth digit below', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 12 }), (nano) => {
        const text = formatUsd(nano);
        assert.match(text, /^\$(\d{1,3},)*\d{1,3}\.\d{2,9}$/);
        const shown = usdToNano(Number(text.slice(1).replaceAll(',', '')));
        const allowed = nano >= NANO_PER_USD ? 5_000_000 : nano / 2_000;
        assert.ok(Math.abs(shown - nano) <= allowed, `${nano}: ${text}`);
      }),
      { numRuns: 500 },
    );
  });
});
