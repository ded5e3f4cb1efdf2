import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { countOutput } from '../../src/tokens/index.ts';
import { budgetedClient, eventStream, startApi } from '../support/budgeted-client.ts';
import type { JsonObject } from '../support/json.ts';

/*
 * A service bills what it did, and reports less. gpt-4o costs 2,500 nano-USD per input and 10,000 per output
 * token, gpt-4o-mini 150 and 600.
 */

const WORDS = 'The tide comes in twice a day, and nobody has ever been asked whether it should. '.repeat(25);
const BILLED = countOutput([WORDS], 'gpt-4o');
const TOOL_CALL = {
  id: 'c',
  type: 'function',
  function: { name: 'write', arguments: JSON.stringify({ text: WORDS }) },
};

async function charge(
  test: TestContext,
  answer: JsonObject,
  { request = {}, message = { content: 'Blue' } as JsonObject, limits = { costUsd: 5 } } = {},
) {
  const usage = { prompt_tokens: 13, completion_tokens: 3 };
  const whole = { id: 'c', object: 'chat.completion', model: 'gpt-4o-2024-08-06', usage, ...answer };
  const api = await startApi(test, ({ body }) =>
    body['stream'] === true
      ? eventStream([
          { ...whole, usage: null, choices: [{ index: 0, delta: message }] },
          { ...whole, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
        ])
      : { ...whole, choices: [{ index: 0, finish_reason: 'stop', message }] },
  );
  const budgeted = budgetedClient(api, { limits });
  const messages = [{ role: 'user' as const, content: 'Name a colour, please.' }];
  const response = await budgeted.client.chat.completions.create({ model: 'gpt-4o', messages, ...request });
  for await (const _ of Symbol.asyncIterator in response ? (response as AsyncIterable<unknown>) : []);
  const told = budgeted.events.filter((event) => event.type === 'usage_missing');
  return { told, nanoUsd: (await budgeted.ledger()).nanoUsd, spans: budgeted.spans };
}

const FULL = 13 * 2_500 + 3 * 10_000;

describe('a cheaper tier in an answer', () => {
  for (const service_tier of ['flex', 'batch'])
    it(`is not believed unless it was requested: ${service_tier}`, async (test) => {
      const { nanoUsd, told } = await charge(test, { service_tier });
      assert.equal(nanoUsd, FULL);
      assert.deepEqual(
        told.map((event) => event.type === 'usage_missing' && [event.reason, event.charged, event.problems]),
        [['implausible', 'request', [`service_tier: ${service_tier}, not requested`]]],
      );
    });

  it('is believed if it was requested', async (test) => {
    const request = { service_tier: 'flex' };
    const { nanoUsd, told } = await charge(test, { service_tier: 'flex' }, { request });
    assert.equal(nanoUsd, FULL / 2);
    assert.deepEqual(told, []);
  });

  it('is believed as the standard tier in place of priority, which may be served so', async (test) => {
    const request = { service_tier: 'priority' };
    const { nanoUsd, told } = await charge(test, { service_tier: 'default' }, { request });
    assert.equal(nanoUsd, FULL);
    assert.deepEqual(told, []);
  });

  it('is not assumed if the answer to a request for priority names none', async (test) => {
    const { nanoUsd } = await charge(test, {}, { request: { service_tier: 'priority' } });
    assert.equal(nanoUsd, FULL * 1.7);
  });
});

describe('a cheaper model in an answer', () => {
  it('is not believed', async (test) => {
    const { nanoUsd, told } = await charge(test, { model: 'gpt-4o-mini-2024-07-18' });
    assert.equal(nanoUsd, FULL);
    assert.deepEqual(
      told.map((event) => event.type === 'usage_missing' && event.problems),
      [['model: gpt-4o-mini-2024-07-18, cheaper than requested']],
    );
  });

  it('is believed if it is a version of the requested one', async (test) => {
    const request = { model: 'gpt-4o-2024-05-13' };
    const { nanoUsd, told } = await charge(test, { model: 'gpt-4o' }, { request });
    assert.equal(nanoUsd, FULL);
    assert.deepEqual(told, []);
  });

  for (const request of [{ model: 'my-deployment' }, { models: ['gpt-4o', 'openai/gpt-4o-mini'] }])
    it(`is believed if the request leaves the model open: ${JSON.stringify(request)}`, async (test) => {
      const { nanoUsd } = await charge(test, { model: 'gpt-4o-mini' }, { request });
      assert.equal(nanoUsd, 13 * 150 + 3 * 600);
    });
});

describe('a count in an answer that is far below its text', () => {
  const free = { prompt_tokens: 13, completion_tokens: 0 };
  const messages: readonly (readonly [string, JsonObject])[] = [
    ['a text', { content: WORDS }],
    ['a refusal', { refusal: WORDS }],
    ['a tool call', { tool_calls: [{ index: 0, ...TOOL_CALL }] }],
  ];
  for (const [name, message] of messages)
    for (const stream of [false, true])
      it(`is counted here: ${name}${stream ? ', streamed' : ''}`, async (test) => {
        for (const completion_tokens of [0, 40]) {
          const usage = { ...free, completion_tokens };
          const { nanoUsd, told, spans } = await charge(test, { usage }, { message, request: { stream } });
          assert.ok(nanoUsd >= 13 * 2_500 + BILLED * 10_000, `${nanoUsd}`);
          assert.ok(nanoUsd <= 13 * 2_500 + (BILLED + 10) * 10_000, `${nanoUsd}`);
          assert.equal(told.length, 1);
          assert.equal(spans[0]?.['token_budget.usage.source'], 'local');
        }
      });

  it('is counted beside the reasoning that it reports', async (test) => {
    const usage = { ...free, completion_tokens: 300, completion_tokens_details: { reasoning_tokens: 290 } };
    const model = 'o3-2025-04-16';
    const { nanoUsd } = await charge(
      test,
      { usage, model },
      { message: { content: WORDS }, request: { model: 'o3' } },
    );
    assert.equal(nanoUsd, 13 * 2_000 + (countOutput([WORDS], 'o3') + 290) * 8_000);
  });

  it('is believed for a summary of reasoning, which is not what is billed', async (test) => {
    const message = { content: 'Blue', reasoning_content: WORDS };
    for (const stream of [false, true])
      assert.deepEqual((await charge(test, {}, { message, request: { stream } })).told, []);
  });

  it('is counted here for an input too', async (test) => {
    const request = { messages: [{ role: 'user', content: WORDS }] };
    const { nanoUsd, told } = await charge(
      test,
      { usage: { prompt_tokens: 9, completion_tokens: 3 } },
      { request },
    );
    assert.ok(nanoUsd >= (BILLED - 1) * 2_500 + 3 * 10_000, `${nanoUsd}`);
    assert.equal(told.length, 1);
  });

  it('is believed for an input that may be truncated', async (test) => {
    const request = { messages: [{ role: 'user', content: WORDS }], truncation: 'auto' };
    assert.deepEqual((await charge(test, {}, { request })).told, []);
  });
});
