import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecordedFees, recordedCost, recordedUsage } from '../support/oracle.ts';
import { loadRecordings, recordingsMissing } from '../support/recordings.ts';
import { replayUnderPreload } from '../support/replay-run.ts';

const recordings = loadRecordings();
const COUNTED = [
  '/v1/chat/completions',
  '/v1/responses',
  '/v1/responses/compact',
  '/v1/completions',
  '/v1/embeddings',
];

test('every recorded call with usage is charged once, at the price of its usage', {
  skip: recordings ? false : recordingsMissing,
}, async () => {
  const exchanges = (recordings ?? []).filter(
    (one) => COUNTED.includes(one.path) && recordedUsage(one) !== undefined,
  );
  assert.ok(exchanges.length > 300, `${exchanges.length} recordings`);
  const { results, spans, otlp, status, process } = await replayUnderPreload({ exchanges });
  assert.deepEqual(
    results.filter(({ ok }) => ok !== true),
    [],
  );
  assert.equal(spans.length, exchanges.length, process.stderr);
  // No answer of the API itself is taken for one that hides what it costs.
  const doubted = otlp.logs().filter(({ eventName }) => eventName === 'token_budget.usage_missing');
  assert.deepEqual(doubted, []);
  let sum = 0;
  let tokens = 0;
  const allFees = new RecordedFees();
  for (const [index, exchange] of exchanges.entries()) {
    const usage = recordedUsage(exchange);
    const attributes = spans[index]?.attributes ?? {};
    assert.ok(usage, exchange.id);
    const requested = String(exchange.request['model']);
    assert.equal(attributes['gen_ai.request.model'], requested, exchange.id);
    assert.equal(attributes['gen_ai.usage.input_tokens'], usage.input, exchange.id);
    if (exchange.path !== '/v1/embeddings')
      assert.equal(attributes['gen_ai.usage.output_tokens'], usage.output, exchange.id);
    assert.equal(attributes['gen_ai.usage.cache_read.input_tokens'] ?? 0, usage.cached, exchange.id);
    assert.equal(attributes['gen_ai.usage.cache_write.input_tokens'] ?? 0, usage.cacheWrite, exchange.id);
    assert.equal(attributes['gen_ai.usage.reasoning.output_tokens'] ?? 0, usage.reasoning, exchange.id);
    assert.equal(attributes['token_budget.usage.source'], 'response', exchange.id);
    const cost = recordedCost(usage, requested);
    const fees = allFees.of(usage, exchange);
    if (cost !== undefined)
      assert.equal(
        attributes['token_budget.cost.nano_usd'],
        cost + fees.nanoUsd,
        `${exchange.id} ${requested}`,
      );
    else assert.equal(attributes['token_budget.price.source'], 'family', exchange.id);
    sum += Number(attributes['token_budget.cost.nano_usd']);
    tokens += usage.input + usage.output + fees.tokens;
  }
  assert.deepEqual(status.balances.settled, { costNanoUsd: sum, tokens, calls: exchanges.length });
  assert.deepEqual(status.balances.reserved, { costNanoUsd: 0, tokens: 0, calls: 0 });
});

test('recorded errors charge nothing and stay what they are', {
  skip: recordings ? false : recordingsMissing,
}, async () => {
  const exchanges = (recordings ?? []).filter((one) => COUNTED.includes(one.path) && one.status !== 200);
  assert.ok(exchanges.length >= 10, `${exchanges.length} recordings`);
  const { results, spans, status } = await replayUnderPreload({ exchanges });
  for (const [index, exchange] of exchanges.entries()) {
    assert.equal(results[index]?.status, exchange.status, exchange.id);
    const message = (exchange.response as { error: { message: string } }).error.message;
    assert.ok(results[index]?.message?.includes(message), exchange.id);
    assert.equal(spans[index]?.attributes['error.type'], String(exchange.status));
    assert.equal(spans[index]?.status.code, 2);
  }
  assert.deepEqual(status.balances.settled, { costNanoUsd: 0, tokens: 0, calls: 0 });
  assert.equal(status.balances.open, 0);
});
