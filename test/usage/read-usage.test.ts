import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_PLAUSIBLE_TOKENS, readUsage, tokenUsage, totalTokens } from '../../src/usage/index.ts';

const CHAT = {
  prompt_tokens: 1000,
  completion_tokens: 500,
  total_tokens: 1500,
  prompt_tokens_details: { cached_tokens: 400, cache_write_tokens: 100, audio_tokens: 50, image_tokens: 30 },
  completion_tokens_details: {
    reasoning_tokens: 200,
    audio_tokens: 20,
    image_tokens: 10,
    accepted_prediction_tokens: 7,
    rejected_prediction_tokens: 5,
  },
};

const ALL = tokenUsage({
  input: 1000,
  cachedInput: 400,
  cacheWrite: 100,
  audioInput: 50,
  imageInput: 30,
  output: 500,
  reasoning: 200,
  audioOutput: 20,
  imageOutput: 10,
  acceptedPrediction: 7,
  rejectedPrediction: 5,
});

describe('the usage of a response', () => {
  it('of Chat Completions has every kind', () => {
    assert.deepEqual(readUsage(CHAT), { usage: ALL, inputKnown: true, outputKnown: true, problems: [] });
  });

  it('of Responses has every kind', () => {
    const reading = readUsage({
      input_tokens: 1000,
      output_tokens: 500,
      input_tokens_details: CHAT.prompt_tokens_details,
      output_tokens_details: { reasoning_tokens: 200, audio_tokens: 20, image_tokens: 10 },
    });
    const expected = { ...ALL, acceptedPrediction: 0, rejectedPrediction: 0 };
    assert.deepEqual(reading, { usage: expected, inputKnown: true, outputKnown: true, problems: [] });
  });

  it('may lack its details', () => {
    const reading = readUsage({ prompt_tokens: 3, completion_tokens: 4, prompt_tokens_details: null });
    assert.deepEqual(reading.usage, tokenUsage({ input: 3, output: 4 }));
    assert.deepEqual(reading.problems, []);
    assert.equal(totalTokens(reading.usage), 7);
  });

  it('may have no output, and always has input', () => {
    const { usage, inputKnown, outputKnown, problems } = readUsage({ input_tokens: 5, output_tokens: 0 });
    assert.deepEqual([usage, inputKnown, outputKnown], [tokenUsage({ input: 5 }), true, true]);
    assert.deepEqual(problems, []);
    const empty = readUsage({ input_tokens: 0, output_tokens: 5 });
    assert.deepEqual([empty.inputKnown, empty.outputKnown, empty.problems], [false, true, ['input: 0']]);
  });

  it('of embeddings has no output', () => {
    const embeddings = { prompt_tokens: 8, total_tokens: 8 };
    assert.equal(readUsage(embeddings).outputKnown, false);
    assert.equal(readUsage(embeddings, { outputExpected: false }).outputKnown, true);
    assert.equal(readUsage({ prompt_tokens: -8 }, { outputExpected: false }).outputKnown, false);
  });
});

describe('usage that is not plausible', () => {
  for (const absent of [undefined, null, 'usage', 5, true, [CHAT]]) {
    it(`is absent if it is ${JSON.stringify(absent)?.slice(0, 20)}`, () => {
      const nothing = { usage: tokenUsage(), inputKnown: false, outputKnown: false, problems: [] };
      assert.deepEqual(readUsage(absent), nothing);
    });
  }

  const values: readonly (readonly [unknown, string])[] = [
    [-1, '-1'],
    [1.5, '1.5'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [1e300, '1e+300'],
    [MAX_PLAUSIBLE_TOKENS + 1, '100000001'],
    ['secret prompt', 'string of 13'],
    [['secret'], 'array'],
    [{ secret: 1 }, 'object'],
    [true, 'boolean'],
  ];
  for (const [value, told] of values) {
    it(`is a problem if a count is ${told}`, () => {
      const reading = readUsage({ prompt_tokens: value, completion_tokens: 5 });
      assert.deepEqual(reading.problems, [`prompt_tokens: ${told}`]);
      assert.deepEqual(reading.usage, tokenUsage({ output: 5 }));
      assert.equal(reading.inputKnown, false);
      assert.equal(reading.outputKnown, true);
    });
  }

  it('starts above the most plausible count', () => {
    assert.equal(readUsage({ input_tokens: MAX_PLAUSIBLE_TOKENS }).usage.input, MAX_PLAUSIBLE_TOKENS);
  });

  it('is reported by the path of its field', () => {
    const reading = readUsage({ input_tokens: 5, input_tokens_details: { cached_tokens: '4' } });
    assert.deepEqual(reading.problems, ['input_tokens_details.cached_tokens: string of 1']);
    assert.deepEqual(reading.usage, tokenUsage({ input: 5 }));
  });

  it('is no discount: a part above its whole is charged as plain tokens', () => {
    const reading = readUsage({ prompt_tokens: 10, prompt_tokens_details: { cached_tokens: 11 } });
    assert.deepEqual(reading.usage, tokenUsage({ input: 10 }));
    assert.deepEqual(reading.problems, ['cachedInput: 11 of 10 input']);
    const whole = readUsage({ prompt_tokens: 10, prompt_tokens_details: { cached_tokens: 10 } });
    assert.equal(whole.usage.cachedInput, 10);
  });

  it('is no discount: cached and written input that are more than all of it', () => {
    const details = { cached_tokens: 6, cache_write_tokens: 5 };
    const reading = readUsage({ prompt_tokens: 10, prompt_tokens_details: details });
    assert.deepEqual(reading.usage, tokenUsage({ input: 10, cacheWrite: 5 }));
    assert.equal(reading.problems.length, 1);
  });

  it('has no parts if its whole is unknown', () => {
    const reading = readUsage({ prompt_tokens: -1, prompt_tokens_details: { cached_tokens: 5 } });
    assert.deepEqual(reading.usage, tokenUsage());
    assert.equal(reading.problems.length, 2);
  });
});
