import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MAX_PLAUSIBLE_TOKENS, readUsage, type TokenUsage, USAGE_KINDS } from '../../src/usage/index.ts';

const INPUT_PARTS = ['cachedInput', 'cacheWrite', 'audioInput', 'imageInput'] as const;
const OUTPUT_PARTS = [
  'reasoning',
  'audioOutput',
  'imageOutput',
  'acceptedPrediction',
  'rejectedPrediction',
] as const;

/** A mark that would be seen in a problem, were content told. */
const SECRET = 'sk-SECRET';

const value = fc.oneof(
  { weight: 4, arbitrary: fc.nat({ max: 2000 }) },
  fc.constantFrom<unknown>(-1, -0, Number.NaN, 1e300, -1e300, Number.POSITIVE_INFINITY, 0.5, 2 ** 53, null),
  fc.constantFrom<unknown>(SECRET, '12', '', [SECRET], { [SECRET]: SECRET }, 10n, Symbol('s'), true),
  fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, maxDepth: 2 }),
);

const DETAILS = [
  'cached_tokens',
  'cache_write_tokens',
  'audio_tokens',
  'image_tokens',
  'reasoning_tokens',
  'accepted_prediction_tokens',
  'rejected_prediction_tokens',
];
const TOP = ['prompt_tokens', 'input_tokens', 'completion_tokens', 'output_tokens', 'total_tokens'];
const DETAILED = [
  'prompt_tokens_details',
  'input_tokens_details',
  'completion_tokens_details',
  'output_tokens_details',
];

function some(keys: readonly string[], arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<object> {
  return fc.record(Object.fromEntries(keys.map((key) => [key, arbitrary])), { requiredKeys: [] });
}

const details = fc.oneof({ weight: 5, arbitrary: some(DETAILS, value) }, value);
const usage = fc
  .tuple(some(TOP, value), some(DETAILED, details))
  .map(([top, detailed]): object => ({ ...top, ...detailed }));

function assertSound(read: TokenUsage): void {
  for (const kind of USAGE_KINDS) {
    assert.ok(Number.isInteger(read[kind]), `${kind} is ${read[kind]}`);
    assert.ok(read[kind] >= 0 && read[kind] <= MAX_PLAUSIBLE_TOKENS, `${kind} is ${read[kind]}`);
  }
  for (const part of INPUT_PARTS) assert.ok(read[part] <= read.input, `${part} above input`);
  for (const part of OUTPUT_PARTS) assert.ok(read[part] <= read.output, `${part} above output`);
  assert.ok(read.cachedInput + read.cacheWrite <= read.input, 'cached and written above input');
}

describe('the usage of any response', () => {
  it('has counts of zero or more, and no part above its whole', () => {
    fc.assert(
      fc.property(usage, fc.boolean(), (raw, outputExpected) => {
        const reading = readUsage(raw, { outputExpected });
        assertSound(reading.usage);
        if (!reading.inputKnown) assert.equal(reading.usage.input, 0);
        if (!reading.outputKnown) assert.equal(reading.usage.output, 0);
      }),
      { numRuns: 2000 },
    );
  });

  it('is read without an error, whatever its type', () => {
    const anything = fc.anything({ withBigInt: true, withSparseArray: true, withTypedArray: true });
    fc.assert(
      fc.property(anything, (raw) => assertSound(readUsage(raw).usage)),
      { numRuns: 1000 },
    );
  });

  it('has problems that name the field and leak nothing of a text', () => {
    fc.assert(
      fc.property(usage, (raw) => {
        for (const problem of readUsage(raw).problems) {
          assert.match(problem, /^[\w. ]+: /);
          assert.ok(!problem.includes(SECRET), problem);
          assert.ok(problem.length < 120, problem);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
