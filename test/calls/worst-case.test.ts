import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chargeUsage } from '../../src/calls/cost/charge.ts';
import { ResponseHistory } from '../../src/calls/cost/response-history.ts';
import { boundedWorstCase, tokenizedWorstCase } from '../../src/calls/cost/worst-case.ts';
import { LARGEST_CONTEXT_WINDOW, PriceBook, type PriceOverride } from '../../src/pricing/index.ts';
import { boundInput, countInput } from '../../src/tokens/index.ts';
import { tokenUsage } from '../../src/usage/index.ts';
import { SeenOnce } from '../../src/util/index.ts';
import { planOf } from '../support/call-plans.ts';

const prices = new PriceBook();
const history = new ResponseHistory();
const card = (model: string, book = prices) => book.lookup({ model });
const messages = [{ role: 'user', content: 'Say hello to everybody in the room, please. '.repeat(20) }];
const chat = (body: object = {}) => planOf('/chat/completions', { model: 'gpt-5.2', messages, ...body });

describe('the worst case of a call', () => {
  it('is the bound of its input and its output cap, at the prices of the model', () => {
    const plan = chat({ max_completion_tokens: 100, n: 2 });
    const request = boundedWorstCase(plan, card('gpt-5.2'), history);
    const { upper } = boundInput('chat', plan.body);
    assert.deepEqual(request, {
      fixed: { costNanoUsd: upper * 1_750, tokens: upper, calls: 1 },
      outputPicoUsd: 2 * 14_000_000,
      choices: 2,
      outputCap: 100,
      capped: true,
    });
  });

  it('is lower if the input is tokenized', () => {
    const tokenized = tokenizedWorstCase(chat(), card('gpt-5.2'), history);
    assert.equal(tokenized.fixed.tokens, countInput('chat', chat().body).upper);
    assert.ok(tokenized.fixed.tokens < boundedWorstCase(chat(), card('gpt-5.2'), history).fixed.tokens / 3);
  });

  it('has the maximum output of the model if no cap is set', () => {
    const request = tokenizedWorstCase(chat(), card('gpt-5.2'), history);
    assert.deepEqual([request.outputCap, request.capped], [128_000, false]);
  });

  it('has no output for embeddings', () => {
    const plan = planOf('/embeddings', { model: 'text-embedding-3-small', input: 'hello' });
    const request = tokenizedWorstCase(plan, card('text-embedding-3-small'), history);
    assert.deepEqual([request.outputCap, request.outputPicoUsd], [0, 0]);
  });

  it('reserves the whole output of a compaction, which has no cap', () => {
    const plan = planOf('/responses/compact', { model: 'gpt-5.2', input: 'x'.repeat(4_000) });
    const request = boundedWorstCase(plan, card('gpt-5.2'), history);
    const { upper } = boundInput('responses', plan.body);
    assert.equal(request.outputCap, 0);
    assert.ok(request.fixed.tokens > upper);
    assert.ok(request.fixed.costNanoUsd > upper * 1_750);
  });

  it('prices input at its highest rate, since it may be written to the cache', () => {
    const request = tokenizedWorstCase(chat({ model: 'gpt-6-sol' }), card('gpt-6-sol'), history);
    assert.equal(request.fixed.costNanoUsd, request.fixed.tokens * 2_500);
  });

  it('prices a long input at the long-context rates', () => {
    const long = planOf('/completions', { model: 'gpt-6-sol', prompt: 'x'.repeat(280_000), max_tokens: 5 });
    assert.equal(boundedWorstCase(long, card('gpt-6-sol'), history).outputPicoUsd, 15_000_000);
    const short = planOf('/completions', { model: 'gpt-6-sol', prompt: 'x', max_tokens: 5 });
    assert.equal(boundedWorstCase(short, card('gpt-6-sol'), history).outputPicoUsd, 10_000_000);
  });

  it('prices priority at its own rates, and flex at the standard ones, since flex is not guaranteed', () => {
    const output = (service_tier: string): number =>
      boundedWorstCase(chat({ service_tier }), card('gpt-5.2'), history).outputPicoUsd;
    assert.equal(output('priority'), 28_000_000);
    assert.equal(output('flex'), 14_000_000);
    assert.equal(output('default'), 14_000_000);
  });

  for (const service_tier of ['fast', 'ultrafast']) {
    it(`prices ${service_tier} at the rates of priority`, () => {
      const request = boundedWorstCase(chat({ service_tier }), card('gpt-5.2'), history);
      assert.equal(request.outputPicoUsd, 28_000_000);
    });
  }
});

describe('the worst case of input that the service stores', () => {
  const next = planOf('/responses', { model: 'gpt-5.2', input: 'hi', previous_response_id: 'resp_1' });
  const own = countInput('responses', next.body).upper;

  it('is the context window', () => {
    const { contextWindow = LARGEST_CONTEXT_WINDOW } = card('gpt-5.2');
    const request = tokenizedWorstCase(next, card('gpt-5.2'), new ResponseHistory());
    assert.equal(request.fixed.tokens, contextWindow);
  });

  it('is the total of the response that it continues, if that is remembered', () => {
    const seen = new ResponseHistory();
    seen.remember('resp_1', {}, tokenUsage({ input: 700, output: 50 }));
    assert.equal(tokenizedWorstCase(next, card('gpt-5.2'), seen).fixed.tokens, own + 750);
    assert.ok(boundedWorstCase(next, card('gpt-5.2'), seen).fixed.tokens >= own + 750);
  });
});

describe('the worst case of a compressed file', () => {
  const file_data = `data:application/pdf;base64,${btoa('%PDF-1.7')}`;
  const input = [{ role: 'user', content: [{ type: 'input_file', filename: 'a.pdf', file_data }] }];

  it('is the context window', () => {
    const request = tokenizedWorstCase(
      planOf('/responses', { model: 'gpt-4o-mini', input }),
      card('gpt-4o-mini'),
      history,
    );
    assert.equal(request.fixed.tokens, 128_000);
  });

  it('is the context window too if the response that it follows is remembered', () => {
    const seen = new ResponseHistory();
    seen.remember('resp_1', {}, tokenUsage({ input: 700, output: 50 }));
    const body = { model: 'gpt-4o-mini', input, previous_response_id: 'resp_1' };
    const request = tokenizedWorstCase(planOf('/responses', body), card('gpt-4o-mini'), seen);
    assert.equal(request.fixed.tokens, 128_000);
  });
});

describe('the charge of a usage', () => {
  const usage = tokenUsage({ input: 1_000, output: 100 });
  const cost = (requested: string, responded: { model?: string; serviceTier?: string }, book = prices) =>
    chargeUsage(
      { prices: book, billedContainers: new SeenOnce() },
      chat({ model: requested }),
      card(requested, book),
      usage,
      responded,
    );

  it('is at the price of the requested model', () => {
    assert.equal(cost('gpt-5.2', {}).amounts.costNanoUsd, 1_750_000 + 1_400_000);
    assert.equal(cost('gpt-5.2', { model: 'gpt-5.2' }).amounts.costNanoUsd, 3_150_000);
  });

  it('is at the price of the model that responded, if it is known', () => {
    const charge = cost('my-deployment', { model: 'gpt-4o-2024-08-06' });
    assert.equal(charge.card.source, 'book');
    assert.equal(charge.amounts.costNanoUsd, 2_500_000 + 1_000_000);
    assert.equal(cost('gpt-5.2', { model: 'unknown-model' }).amounts.costNanoUsd, 3_150_000);
  });

  it("is at the caller's own price of the requested model, whichever responded", () => {
    const mine: Record<string, PriceOverride> = { 'my-deployment': { input: 1, output: 1 } };
    const charge = cost('my-deployment', { model: 'gpt-4o' }, new PriceBook({ prices: mine }));
    assert.deepEqual([charge.card.source, charge.amounts.costNanoUsd], ['override', 1_100_000]);
  });

  it('is at the price of the service tier that responded', () => {
    assert.equal(cost('gpt-5.2', { serviceTier: 'priority' }).amounts.costNanoUsd, 6_300_000);
    assert.equal(cost('gpt-5.2', { serviceTier: 'flex' }).amounts.costNanoUsd, 3_150_000);
    assert.equal(cost('gpt-5.2', { serviceTier: 'unheard-of' }).amounts.costNanoUsd, 3_150_000);
  });
});
