import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  costOf,
  highestRates,
  nanoCost,
  PriceBook,
  picoToNano,
  type Rates,
  ratesFor,
} from '../../src/pricing/index.ts';
import { type TokenUsage, tokenUsage } from '../../src/usage/index.ts';

const book = new PriceBook();

function cost(model: string, usage: Partial<TokenUsage>): number {
  const whole = tokenUsage(usage);
  return costOf(whole, ratesFor(book.lookup({ model }).tiers, whole.input));
}

describe('gpt-5.2', () => {
  it('is $1.75 in, $0.175 cached and $14.00 out per million tokens', () => {
    assert.equal(cost('gpt-5.2', { input: 1_000_000 }), 1_750_000_000);
    assert.equal(cost('gpt-5.2', { input: 1_000_000, cachedInput: 1_000_000 }), 175_000_000);
    assert.equal(cost('gpt-5.2', { output: 1_000_000 }), 14_000_000_000);
    assert.equal(cost('gpt-5.2', { output: 1 }), 14_000);
    assert.equal(cost('gpt-5.2', { input: 1 }), 1_750);
  });

  it('charges reasoning and predicted tokens as the output that they are part of', () => {
    const plain = cost('gpt-5.2', { output: 100 });
    const parts = { output: 100, reasoning: 60, acceptedPrediction: 10, rejectedPrediction: 5 };
    assert.equal(cost('gpt-5.2', parts), plain);
  });
});

describe('the cost of a usage', () => {
  const rates: Rates = {
    input: 1_001,
    cachedInput: 101,
    cacheWrite: 1_301,
    audioInput: 2_003,
    imageInput: 3_007,
    cachedAudioInput: 211,
    cachedImageInput: 307,
    output: 4_001,
    audioOutput: 5_003,
    imageOutput: 6_011,
  };

  it('subtracts parts with a price of their own from their whole', () => {
    const parts = { cachedInput: 10, cacheWrite: 5, audioInput: 3, imageInput: 2 };
    const usage = tokenUsage({ input: 100, ...parts, output: 50, audioOutput: 4, imageOutput: 6 });
    const pico =
      80 * 1_001 + 10 * 101 + 5 * 1_301 + 3 * 2_003 + 2 * 3_007 + 40 * 4_001 + 4 * 5_003 + 6 * 6_011;
    assert.equal(costOf(usage, rates), Math.ceil(pico / 1_000));
  });

  // Usage that contradicts itself: what remains of a whole is never below zero, so it takes nothing off the parts.
  const nonsense: readonly (readonly [string, Partial<TokenUsage>, number])[] = [
    ['more cached than input', { input: 5, cachedInput: 10 }, 10 * 101],
    [
      'more audio cached than cached',
      { input: 20, audioInput: 9, cachedAudioInput: 9 },
      20 * 1_001 + 9 * 211,
    ],
    [
      'more images cached than cached',
      { input: 20, imageInput: 9, cachedImageInput: 9 },
      20 * 1_001 + 9 * 307,
    ],
    ['more audio cached than audio', { cachedInput: 30, cachedAudioInput: 30, audioInput: 10 }, 30 * 211],
    ['more images cached than images', { cachedInput: 30, cachedImageInput: 30, imageInput: 10 }, 30 * 307],
    ['more audio than output', { output: 5, audioOutput: 10 }, 10 * 5_003],
    ['more images than output', { output: 5, imageOutput: 10 }, 10 * 6_011],
  ];
  for (const [what, usage, pico] of nonsense) {
    it(`of ${what} is that of the parts`, () => {
      assert.equal(costOf(tokenUsage(usage), rates), Math.ceil(pico / 1_000));
    });
  }

  it('is rounded up once, at the end', () => {
    assert.equal(costOf(tokenUsage({ input: 1, output: 1 }), rates), 6); // 5.002; apart: 2 + 5
    assert.equal(costOf(tokenUsage({ input: 1 }), { ...rates, input: 1 }), 1);
    assert.equal(costOf(tokenUsage({ input: 1000 }), { ...rates, input: 1 }), 1);
    assert.equal(costOf(tokenUsage(), rates), 0);
    assert.equal(picoToNano(1_001n), 2);
    assert.equal(picoToNano(1_000n), 1);
  });

  it('is exact beyond what a double holds', () => {
    const usage = tokenUsage({ output: 99_999_999 });
    assert.equal(costOf(usage, { ...rates, output: 600_000_001 }), 59_999_999_500_000);
  });

  const counts = fc.record({ input: fc.nat({ max: 2_000_000 }), output: fc.nat({ max: 500_000 }) });
  const models = ['gpt-5.2', 'gpt-5.4', 'gpt-6-sol', 'gpt-audio', 'o1-pro', 'text-embedding-3-small'];

  it('is a whole number, and more tokens never cost less', () => {
    fc.assert(
      fc.property(fc.constantFrom(...models), counts, counts, (model, some, more) => {
        const lower = cost(model, some);
        const higher = cost(model, { input: some.input + more.input, output: some.output + more.output });
        assert.ok(Number.isSafeInteger(lower) && lower >= 0);
        assert.ok(higher >= lower, `${model}: ${higher} under ${lower}`);
      }),
      { numRuns: 1000 },
    );
  });

  it('is never more than all of it at the highest rates', () => {
    fc.assert(
      fc.property(counts, fc.nat({ max: 100 }), ({ input, output }, percent) => {
        const cachedInput = Math.floor((input * percent) / 100);
        const usage = tokenUsage({ input, cachedInput, cacheWrite: input - cachedInput, output });
        const most = highestRates(rates);
        const bound = picoToNano(BigInt(input) * BigInt(most.input) + BigInt(output) * BigInt(most.output));
        assert.ok(costOf(usage, rates) <= bound);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the cost of parts', () => {
  it('is exact for any count and price, rounded up once', () => {
    const part = fc.tuple(fc.maxSafeNat(), fc.nat({ max: 1_000_000_000 }));
    const small = fc.tuple(fc.nat({ max: 100_000 }), fc.nat({ max: 100_000_000 }));
    fc.assert(
      fc.property(fc.array(fc.oneof(part, small), { maxLength: 8 }), (parts) => {
        const pico = parts.reduce((sum, [tokens, price]) => sum + BigInt(tokens) * BigInt(price), 0n);
        assert.equal(nanoCost(parts), picoToNano(pico));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the highest rate', () => {
  const even: Rates = {
    input: 1,
    cachedInput: 1,
    cacheWrite: 1,
    audioInput: 1,
    imageInput: 1,
    cachedAudioInput: 1,
    cachedImageInput: 1,
    output: 1,
    audioOutput: 1,
    imageOutput: 1,
  };
  for (const kind of ['input', 'cachedInput', 'cacheWrite', 'audioInput', 'imageInput'] as const) {
    it(`of input is that of ${kind}, if that is the highest`, () => {
      assert.deepEqual(highestRates({ ...even, [kind]: 7 }), { input: 7, output: 1 });
    });
  }
  for (const kind of ['output', 'audioOutput', 'imageOutput'] as const) {
    it(`of output is that of ${kind}, if that is the highest`, () => {
      assert.deepEqual(highestRates({ ...even, [kind]: 7 }), { input: 1, output: 7 });
    });
  }
});

describe('a long input', () => {
  it('changes the price of the whole call', () => {
    const short = cost('gpt-6-sol', { input: 272_000, output: 1_000 });
    const long = cost('gpt-6-sol', { input: 272_001, output: 1_000 });
    assert.equal(short, 272_000 * 2_000 + 1_000 * 10_000);
    assert.equal(long, 272_001 * 4_000 + 1_000 * 15_000);
  });

  it('has no rates without a tier', () => assert.throws(() => ratesFor([], 5), RangeError));
});
