import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chargeUsage } from '../../src/calls/cost/charge.ts';
import { ResponseHistory } from '../../src/calls/cost/response-history.ts';
import { boundedWorstCase, tokenizedWorstCase } from '../../src/calls/cost/worst-case.ts';
import { LARGEST_CONTEXT_WINDOW, PriceBook, type PriceOverride } from '../../src/pricing/index.ts';
import { boundInput, countInput } from '../../src/tokens/index.ts';
import { tokenUsage } from '../../src/usage/index.ts';
import { SeenOnce } from '../../src/util/index.ts';
import { plan } from '../support/call-plans.ts';

const prices = new PriceBook();
const memory = new ResponseHistory();
const card = (model: string, book = prices) => book.lookup({ model });
const messages = [{ role: 'user', content: 'Say hello to everybody in the room, please. '.repeat(20) }];
const chat = (body: object = {}) => plan('/chat/completions', { model: 'gpt-5.2', messages, ...body });

describe('the worst case of a call', () => {
  it('is its input at most and its cap, at the prices of the model', () => {
    const made = chat({ max_completion_tokens: 100, n: 2 });
    const request = boundedWorstCase(made, card('gpt-5.2'), memory);
    const { upper } = boundInput('chat', made.body);
    assert.deepEqual(request, {
      fixed: { costNanoUsd: upper * 1_750, tokens: upper, calls: 1 },
      outputPicoUsd: 2 * 14_000_000,
      choices: 2,
      outputCap: 100,
      capped: true,
    });
  });

  it('is less where the input is counted', () => {
    const counted = tokenizedWorstCase(chat(), card('gpt-5.2'), memory);
    assert.equal(counted.fixed.tokens, countInput('chat', chat().body).upper);
    assert.ok(counted.fixed.tokens < boundedWorstCase(chat(), card('gpt-5.2'), memory).fixed.tokens / 3);
  });

  it('without a cap is the most output of the model', () => {
    const request = tokenizedWorstCase(chat(), card('gpt-5.2'), memory);
    assert.deepEqual([request.outputCap, request.capped], [128_000, false]);
  });

  it('of embeddings has no output', () => {
    const made = plan('/embeddings', { model: 'text-embedding-3-small', input: 'hello' });
    const request = tokenizedWorstCase(made, card('text-embedding-3-small'), memory);
    assert.deepEqual([request.outputCap, request.outputPicoUsd], [0, 0]);
  });

  it('of compacting, which takes no cap, has its output paid whole', () => {
    const made = plan('/responses/compact', { model: 'gpt-5.2', input: 'x'.repeat(4_000) });
    const request = boundedWorstCase(made, card('gpt-5.2'), memory);
    const { upper } = boundInput('responses', made.body);
    assert.equal(request.outputCap, 0);
    assert.ok(request.fixed.tokens > upper);
    assert.ok(request.fixed.costNanoUsd > upper * 1_750);
  });

  it('is at the dearest price of its input: it may be written to the cache', () => {
    const request = tokenizedWorstCase(chat({ model: 'gpt-6-sol' }), card('gpt-6-sol'), memory);
    assert.equal(request.fixed.costNanoUsd, request.fixed.tokens * 2_500);
  });

  it('of a long input is at its long-context price', () => {
    const long = plan('/completions', { model: 'gpt-6-sol', prompt: 'x'.repeat(280_000), max_tokens: 5 });
    assert.equal(boundedWorstCase(long, card('gpt-6-sol'), memory).outputPicoUsd, 15_000_000);
    const short = plan('/completions', { model: 'gpt-6-sol', prompt: 'x', max_tokens: 5 });
    assert.equal(boundedWorstCase(short, card('gpt-6-sol'), memory).outputPicoUsd, 10_000_000);
  });

  it('of priority is at the price of priority; flex may not be given', () => {
    const output = (service_tier: string): number =>
      boundedWorstCase(chat({ service_tier }), card('gpt-5.2'), memory).outputPicoUsd;
    assert.equal(output('priority'), 28_000_000);
    assert.equal(output('flex'), 14_000_000);
    assert.equal(output('default'), 14_000_000);
  });

  for (const service_tier of ['fast', 'ultrafast']) {
    it(`of ${service_tier} is at the price of priority`, () => {
      const request = boundedWorstCase(chat({ service_tier }), card('gpt-5.2'), memory);
      assert.equal(request.outputPicoUsd, 28_000_000);
    });
  }
});

describe('input that is not in the request', () => {
  const next = plan('/responses', { model: 'gpt-5.2', input: 'hi', previous_response_id: 'resp_1' });
  const own = countInput('responses', next.body).upper;

  it('is at most the context window', () => {
    const { contextWindow = LARGEST_CONTEXT_WINDOW } = card('gpt-5.2');
    const request = tokenizedWorstCase(next, card('gpt-5.2'), new ResponseHistory());
    assert.equal(request.fixed.tokens, contextWindow);
  });

  it('is at most what the response before it is remembered to hold', () => {
    const remembers = new ResponseHistory();
    remembers.remember('resp_1', {}, tokenUsage({ input: 700, output: 50 }));
    assert.equal(tokenizedWorstCase(next, card('gpt-5.2'), remembers).fixed.tokens, own + 750);
    assert.ok(boundedWorstCase(next, card('gpt-5.2'), remembers).fixed.tokens >= own + 750);
  });
});

describe('the price of a usage', () => {
  const usage = tokenUsage({ input: 1_000, output: 100 });
  const cost = (asked: string, answered: { model?: string; serviceTier?: string }, book = prices) =>
    chargeUsage(
      { prices: book, billedContainers: new SeenOnce() },
      chat({ model: asked }),
      card(asked, book),
      usage,
      answered,
    );

  it('is that of the model that was asked for', () => {
    assert.equal(cost('gpt-5.2', {}).amounts.costNanoUsd, 1_750_000 + 1_400_000);
    assert.equal(cost('gpt-5.2', { model: 'gpt-5.2' }).amounts.costNanoUsd, 3_150_000);
  });

  it('is that of the model that answered, where it is known', () => {
    const charge = cost('my-deployment', { model: 'gpt-4o-2024-08-06' });
    assert.equal(charge.priceSource, 'book');
    assert.equal(charge.amounts.costNanoUsd, 2_500_000 + 1_000_000);
    assert.equal(cost('gpt-5.2', { model: 'nobody-knows' }).amounts.costNanoUsd, 3_150_000);
  });

  it("is the user's for the model asked for, whichever answered", () => {
    const mine: Record<string, PriceOverride> = { 'my-deployment': { input: 1, output: 1 } };
    const charge = cost('my-deployment', { model: 'gpt-4o' }, new PriceBook({ prices: mine }));
    assert.deepEqual([charge.priceSource, charge.amounts.costNanoUsd], ['override', 1_100_000]);
  });

  it('is that of the service tier that answered', () => {
    assert.equal(cost('gpt-5.2', { serviceTier: 'priority' }).amounts.costNanoUsd, 6_300_000);
    assert.equal(cost('gpt-5.2', { serviceTier: 'flex' }).amounts.costNanoUsd, 1_575_000);
    assert.equal(cost('gpt-5.2', { serviceTier: 'unheard-of' }).amounts.costNanoUsd, 3_150_000);
  });
});
