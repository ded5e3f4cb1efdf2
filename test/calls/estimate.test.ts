import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { estimateUsage, fillMissingUsage } from '../../src/calls/cost/estimate.ts';
import { ResponseHistory } from '../../src/calls/cost/response-history.ts';
import { countInput } from '../../src/tokens/index.ts';
import { readUsage, tokenUsage } from '../../src/usage/index.ts';
import { plan } from '../support/call-plans.ts';

describe('a usage that is counted here', () => {
  const memory = new ResponseHistory();

  it('has the input of the request and the output of the texts', () => {
    const made = plan('/completions', { model: 'gpt-3.5-turbo-instruct', prompt: 'hello world' });
    assert.deepEqual(estimateUsage(made, ['hello world'], memory), tokenUsage({ input: 2, output: 2 }));
    assert.equal(estimateUsage(made, [], memory).output, 0);
  });

  it('of embeddings has no output', () => {
    const made = plan('/embeddings', { model: 'text-embedding-3-small', input: 'hello world' });
    assert.deepEqual(estimateUsage(made, ['not output'], memory), tokenUsage({ input: 2 }));
  });

  it('has what the response before it held', () => {
    const remembers = new ResponseHistory();
    remembers.remember('resp_1', {}, tokenUsage({ input: 900, output: 100 }));
    const made = plan('/responses', { model: 'gpt-5.2', input: 'hi', previous_response_id: 'resp_1' });
    const { tokens } = countInput('responses', made.body);
    assert.equal(estimateUsage(made, [], remembers).input, tokens + 1_000);
    assert.equal(estimateUsage(made, [], memory).input, tokens);
  });
});

describe('a usage that can be believed in part', () => {
  const counted = tokenUsage({ input: 70, output: 30 });
  const details = {
    prompt_tokens_details: { cached_tokens: 5 },
    completion_tokens_details: { reasoning_tokens: 4 },
  };

  for (const [name, raw, expected] of [
    [
      'all',
      { prompt_tokens: 10, completion_tokens: 20 },
      { input: 10, cachedInput: 5, output: 20, reasoning: 4 },
    ],
    ['its input', { prompt_tokens: 10, completion_tokens: -1 }, { input: 10, cachedInput: 5, output: 30 }],
    ['its output', { prompt_tokens: 'x', completion_tokens: 20 }, { input: 70, output: 20, reasoning: 4 }],
    ['nothing', {}, { input: 70, output: 30 }],
  ] as const) {
    it(`keeps what can: ${name}`, () => {
      assert.deepEqual(fillMissingUsage(readUsage({ ...raw, ...details }), counted), tokenUsage(expected));
    });
  }
});
