import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { malformedExchanges } from '../exchanges/index.ts';
import type { Exchange } from '../support/exchange.ts';
import { replayUnderPreload } from '../support/replay-run.ts';

/** Anything that JSON can say, and what is likely to be mistaken for a number of tokens. */
const value = fc.oneof(
  fc.integer({ min: -1_000_000, max: 1_000_000 }),
  fc.constantFrom(null, true, '12', '', 'NaN', 1e300, -1e300, 1.5, Number.MAX_SAFE_INTEGER, [], {}),
  fc.jsonValue({ maxDepth: 2 }),
);

const details = fc.oneof(
  value,
  fc.record(
    { cached_tokens: value, audio_tokens: value, reasoning_tokens: value, cache_write_tokens: value },
    { requiredKeys: [] },
  ),
);

const usage = fc.oneof(
  value,
  fc.record(
    {
      prompt_tokens: value,
      completion_tokens: value,
      input_tokens: value,
      output_tokens: value,
      total_tokens: value,
      prompt_tokens_details: details,
      completion_tokens_details: details,
    },
    { requiredKeys: [] },
  ),
);

const answer = fc.record(
  {
    id: value,
    model: fc.oneof(fc.constant('gpt-4o-mini'), value),
    choices: fc.oneof(
      value,
      fc.array(
        fc.record({ index: value, message: value, delta: value, finish_reason: value }, { requiredKeys: [] }),
      ),
    ),
    usage,
    service_tier: value,
  },
  { requiredKeys: [] },
);

const SEED = 20_260_301;

function exchange(id: string, content: unknown, stream: boolean): Exchange {
  const events = (Array.isArray(content) ? content : []).map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`);
  return {
    id,
    provider: 'openai',
    path: '/v1/chat/completions',
    status: 200,
    contentType: stream ? 'text/event-stream' : 'application/json',
    stream,
    request: {
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'hi' }],
      ...(stream ? { stream: true } : {}),
    },
    response: stream ? `${events.join('')}data: [DONE]\n\n` : content,
  };
}

test(`random answers never reach the application as an error of ours, and never lower a balance (seed ${SEED})`, async () => {
  const whole = fc
    .sample(answer, { numRuns: 150, seed: SEED })
    .map((one, n) => exchange(`whole-${n}`, one, false));
  const streams = fc
    .sample(fc.array(answer, { maxLength: 4 }), { numRuns: 100, seed: SEED })
    // An event with an `error` is an error of the API, which the SDK throws.
    .map((chunks, n) => exchange(`stream-${n}`, chunks, true));
  const exchanges = [...whole, ...streams];
  const { results, spans, status, process } = await replayUnderPreload({ exchanges });
  assert.equal(process.code, 0);
  assert.equal(process.stderr, '');
  // Some of them break the SDK itself: the application sees that, and nothing else.
  const bare = await replayUnderPreload({ exchanges, preload: false });
  assert.deepEqual(results, bare.results);
  assert.ok(results.filter(({ ok }) => ok === true).length > 200);
  assert.equal(spans.length, exchanges.length);
  let cost = 0;
  let tokens = 0;
  for (const { attributes } of spans) {
    const input = Number(attributes['gen_ai.usage.input_tokens']);
    const output = Number(attributes['gen_ai.usage.output_tokens']);
    const charged = Number(attributes['token_budget.cost.nano_usd']);
    for (const number of [input, output, charged])
      assert.ok(Number.isSafeInteger(number) && number >= 0, `${number}`);
    // A request was sent, so an answer that says nothing to be believed costs its input at least.
    if (attributes['token_budget.usage.source'] === 'local') assert.ok(input > 0 || output > 0);
    cost += charged;
    tokens += input + output;
  }
  assert.deepEqual(status.balances.settled, { costNanoUsd: cost, tokens, calls: exchanges.length });
  assert.equal(status.balances.open, 0);
});

test('the malformed answers that are known are counted here, and told', async () => {
  const { spans, otlp, status } = await replayUnderPreload({ exchanges: malformedExchanges });
  assert.equal(spans.length, malformedExchanges.length);
  for (const [index, { id }] of malformedExchanges.entries()) {
    const attributes = spans[index]?.attributes ?? {};
    const believed = BELIEVED.has(id.replace(/^malformed-(usage-)?/, ''));
    assert.equal(attributes['token_budget.usage.source'], believed ? 'response' : 'local', id);
    assert.ok(Number(attributes['gen_ai.usage.input_tokens']) > 0, id);
  }
  const told = otlp.logs().filter(({ eventName }) => eventName === 'token_budget.usage_missing');
  assert.ok(told.length >= malformedExchanges.length - BELIEVED.size);
  assert.ok(status.balances.settled.costNanoUsd > 0);
});

/** Malformed around a usage whose totals can be believed. */
const BELIEVED = new Set([
  'details-null',
  'details-text',
  'part-above-total',
  'part-negative',
  'choices-absent',
  'choices-null',
  'model-number',
  'stream-usage-twice',
]);
