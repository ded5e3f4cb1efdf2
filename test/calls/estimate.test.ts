import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { estimateUsage, fillMissingUsage } from '../../src/calls/cost/estimate.ts';
import { ResponseHistory } from '../../src/calls/cost/response-history.ts';
import { countInput } from '../../src/tokens/index.ts';
import { readUsage, tokenUsage } from '../../src/usage/index.ts';
import { planOf } from '../support/call-plans.ts';

describe('estimateUsage', () => {
  const empty = new ResponseHistory();

  it('counts the input of the request and the output texts', () => {
    const plan = planOf('/completions', { model: 'gpt-3.5-turbo-instruct', prompt: 'hello world' });
    assert.deepEqual(estimateUsage(plan, ['hello world'], empty), tokenUsage({ input: 2, output: 2 }));
    assert.equal(estimateUsage(plan, [], empty).output, 0);
  });

  it('counts no output of embeddings', () => {
    const plan = planOf('/embeddings', { model: 'text-embedding-3-small', input: 'hello world' });
    assert.deepEqual(estimateUsage(plan, ['not output'], empty), tokenUsage({ input: 2 }));
  });

  it('adds the total of the response that the request continues', () => {
    const history = new ResponseHistory();
    history.remember('resp_1', {}, tokenUsage({ input: 900, output: 100 }));
    const plan = planOf('/responses', { model: 'gpt-5.2', input: 'hi', previous_response_id: 'resp_1' });
    const { tokens } = countInput('responses', plan.body);
    assert.equal(estimateUsage(plan, [], history).input, tokens + 1_000);
    assert.equal(estimateUsage(plan, [], empty).input, tokens);
  });
});

describe('fillMissingUsage', () => {
  const estimate = tokenUsage({ input: 70, output: 30 });
  const details = {
    prompt_tokens_details: { cached_tokens: 5 },
    completion_tokens_details: { reasoning_tokens: 4 },
  };

  for (const [name, raw, expected] of [
    [
      'both',
      { prompt_tokens: 10, completion_tokens: 20 },
      { input: 10, cachedInput: 5, output: 20, reasoning: 4 },
    ],
    ['its input', { prompt_tokens: 10, completion_tokens: -1 }, { input: 10, cachedInput: 5, output: 30 }],
    ['its output', { prompt_tokens: 'x', completion_tokens: 20 }, { input: 70, output: 20, reasoning: 4 }],
    ['neither', {}, { input: 70, output: 30 }],
  ] as const) {
    it(`keeps what the reading has: ${name}`, () => {
      assert.deepEqual(fillMissingUsage(readUsage({ ...raw, ...details }), estimate), tokenUsage(expected));
    });
  }
});
