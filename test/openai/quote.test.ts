import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ResponseMemory } from '../../src/calls/cost/response-history.ts';
import { boundQuote, countedQuote, priceUsage } from '../../src/calls/cost/worst-case.ts';
import { LARGEST_CONTEXT_WINDOW, PriceBook, type PriceOverride } from '../../src/pricing/index.ts';
import { boundInput, countInput } from '../../src/tokens/index.ts';
import { tokenUsage } from '../../src/usage/index.ts';
import { plan } from './helpers.ts';

const prices = new PriceBook();
const memory = new ResponseMemory();
const card = (model: string, book = prices) => book.lookup({ model });
const messages = [{ role: 'user', content: 'Say hello to everybody in the room, please. '.repeat(20) }];
const chat = (body: object = {}) => plan('/chat/completions', { model: 'gpt-5.2', messages, ...body });

describe('the worst case of a call', () => {
  it('is its input at most and its cap, at the prices of the model', () => {
    const made = chat({ max_completion_tokens: 100, n: 2 });
    const { request, exact } = boundQuote(made, card('gpt-5.2'), memory);
    const { upper } = boundInput('chat', made.body);
    assert.deepEqual(request, {
      fixed: { costNanoUsd: upper * 1_750, tokens: upper, calls: 1 },
      outputPicoUsd: 2 * 14_000_000,
      choices: 2,
      outputCap: 100,
      capped: true,
    });
    assert.equal(exact, false);
  });

  it('is less where the input is counted', () => {
    const counted = countedQuote(chat(), card('gpt-5.2'), memory);
    assert.equal(counted.exact, true);
    assert.equal(counted.request.fixed.tokens, countInput('chat', chat().body).upper);
    assert.ok(
      counted.request.fixed.tokens < boundQuote(chat(), card('gpt-5.2'), memory).request.fixed.tokens / 3,
    );
  });

  it('without a cap is the most output of the model', () => {
    const { request } = countedQuote(chat(), card('gpt-5.2'), memory);
    assert.deepEqual([request.outputCap, request.capped], [128_000, false]);
  });

  it('of embeddings has no output', () => {
    const made = plan('/embeddings', { model: 'text-embedding-3-small', input: 'hello' });
    const { request } = countedQuote(made, card('text-embedding-3-small'), memory);
    assert.deepEqual([request.outputCap, request.outputPicoUsd], [0, 0]);
  });

  it('of compacting, which takes no cap, has its output paid whole', () => {
    const made = plan('/responses/compact', { model: 'gpt-5.2', input: 'x'.repeat(4_000) });
    const { request } = boundQuote(made, card('gpt-5.2'), memory);
    const { upper } = boundInput('responses', made.body);
    assert.equal(request.outputCap, 0);
    assert.ok(request.fixed.tokens > upper);
    assert.ok(request.fixed.costNanoUsd > upper * 1_750);
  });

  it('is at the dearest price of its input: it may be written to the cache', () => {
    const { request } = countedQuote(chat({ model: 'gpt-6-sol' }), card('gpt-6-sol'), memory);
    assert.equal(request.fixed.costNanoUsd, request.fixed.tokens * 2_500);
  });

  it('of a long input is at its long-context price', () => {
    const long = plan('/completions', { model: 'gpt-6-sol', prompt: 'x'.repeat(280_000), max_tokens: 5 });
    assert.equal(boundQuote(long, card('gpt-6-sol'), memory).request.outputPicoUsd, 15_000_000);
    const short = plan('/completions', { model: 'gpt-6-sol', prompt: 'x', max_tokens: 5 });
    assert.equal(boundQuote(short, card('gpt-6-sol'), memory).request.outputPicoUsd, 10_000_000);
  });

  it('of priority is at the price of priority; flex may not be given', () => {
    const output = (service_tier: string): number =>
      boundQuote(chat({ service_tier }), card('gpt-5.2'), memory).request.outputPicoUsd;
    assert.equal(output('priority'), 28_000_000);
    assert.equal(output('flex'), 14_000_000);
    assert.equal(output('default'), 14_000_000);
  });

  for (const service_tier of ['fast', 'ultrafast']) {
    it(`of ${service_tier} is at the price of priority`, () => {
      const { request } = boundQuote(chat({ service_tier }), card('gpt-5.2'), memory);
      assert.equal(request.outputPicoUsd, 28_000_000);
    });
  }
});

describe('input that is not in the request', () => {
  const next = plan('/responses', { model: 'gpt-5.2', input: 'hi', previous_response_id: 'resp_1' });
  const own = countInput('responses', next.body).upper;

  it('is at most the context window', () => {
    const { contextWindow = LARGEST_CONTEXT_WINDOW } = card('gpt-5.2');
    const { request } = countedQuote(next, card('gpt-5.2'), new ResponseMemory());
    assert.equal(request.fixed.tokens, contextWindow);
  });

  it('is at most what the response before it is remembered to hold', () => {
    const remembers = new ResponseMemory();
    remembers.remember('resp_1', {}, tokenUsage({ input: 700, output: 50 }));
    assert.equal(countedQuote(next, card('gpt-5.2'), remembers).request.fixed.tokens, own + 750);
    assert.ok(boundQuote(next, card('gpt-5.2'), remembers).request.fixed.tokens >= own + 750);
  });
});

describe('the price of a usage', () => {
  const usage = tokenUsage({ input: 1_000, output: 100 });
  const cost = (asked: string, answered: { model?: string; serviceTier?: string }, book = prices) =>
    priceUsage(book, chat({ model: asked }), card(asked, book), usage, answered);

  it('is that of the model that was asked for', () => {
    assert.equal(cost('gpt-5.2', {}).costNanoUsd, 1_750_000 + 1_400_000);
    assert.equal(cost('gpt-5.2', { model: 'gpt-5.2' }).costNanoUsd, 3_150_000);
  });

  it('is that of the model that answered, where it is known', () => {
    const charge = cost('my-deployment', { model: 'gpt-4o-2024-08-06' });
    assert.equal(charge.card.pricedAs, 'gpt-4o');
    assert.equal(charge.costNanoUsd, 2_500_000 + 1_000_000);
    assert.equal(cost('gpt-5.2', { model: 'nobody-knows' }).card.pricedAs, 'gpt-5.2');
  });

  it("is the user's for the model asked for, whichever answered", () => {
    const mine: Record<string, PriceOverride> = { 'my-deployment': { input: 1, output: 1 } };
    const charge = cost('my-deployment', { model: 'gpt-4o' }, new PriceBook({ prices: mine }));
    assert.deepEqual([charge.card.source, charge.costNanoUsd], ['override', 1_100_000]);
  });

  it('is that of the service tier that answered', () => {
    assert.equal(cost('gpt-5.2', { serviceTier: 'priority' }).costNanoUsd, 6_300_000);
    assert.equal(cost('gpt-5.2', { serviceTier: 'flex' }).costNanoUsd, 1_575_000);
    assert.equal(cost('gpt-5.2', { serviceTier: 'unheard-of' }).costNanoUsd, 3_150_000);
  });
});
