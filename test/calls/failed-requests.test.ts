import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createOpenAI } from '@ai-sdk/openai';
import Anthropic from '@anthropic-ai/sdk';
import { generateText, wrapLanguageModel } from 'ai';
import type { FailureBilling } from '../../src/calls/index.ts';
import { budgetMiddleware } from '../../src/clients/ai-sdk/index.ts';
import { budgetFetch } from '../../src/clients/fetch/index.ts';
import { type ApiRequest, budgetedClient, startApi } from '../support/budgeted-client.ts';

const MAX_TOKENS = 50;
/** Nano-USD a token. */
const PRICES = { input: 150, output: 600 };
const PROMPT = 'Say yes, and nothing else.';
const CHAT = {
  model: 'gpt-4o-mini',
  max_tokens: MAX_TOKENS,
  messages: [{ role: 'user' as const, content: PROMPT }],
};
/** What the service counts, and the local count agrees with. */
const INPUT_TOKENS = 14;

interface Options {
  /** What the gateway answers with status 200 in place of the service. */
  readonly page?: { readonly text: string; readonly type: string };
  readonly limits?: { costUsd: number };
  readonly mode?: 'observe' | 'soft' | 'strict';
  readonly failureBilling?: FailureBilling;
}

/**
 * A service behind a gateway. Each request is answered with the next of `statuses`, the last one for all that
 * follow, and billed for its input and `generated` tokens whatever the status is.
 */
async function setUp(
  test: TestContext,
  statuses: readonly number[],
  generated: number,
  options: Options = {},
) {
  let billed = 0;
  const api = await startApi(test, ({ path, body }: ApiRequest) => {
    const status = statuses[Math.min(api.requests.length, statuses.length) - 1] ?? 200;
    billed += INPUT_TOKENS * PRICES.input + generated * PRICES.output;
    if (status !== 200) return { text: '<html>Bad gateway</html>', type: 'text/html', status };
    if (options.page !== undefined) return options.page;
    const usage = { prompt_tokens: INPUT_TOKENS, completion_tokens: generated };
    const message = { role: 'assistant', content: 'yes' };
    const choices = [{ index: 0, finish_reason: 'stop', message }];
    const model = body['model'];
    const chat = { id: 'c1', object: 'chat.completion', created: 1, model, choices, usage };
    if (path === '/chat/completions') return chat;
    return {
      ...{
        id: 'm1',
        type: 'message',
        role: 'assistant',
        model,
        stop_reason: 'end_turn',
        stop_sequence: null,
      },
      ...{
        content: [{ type: 'text', text: 'yes' }],
        usage: { input_tokens: INPUT_TOKENS, output_tokens: 1 },
      },
    };
  });
  const budgeted = budgetedClient(api, options);
  const client = budgeted.client.withOptions({ maxRetries: 0 });
  return { api, ...budgeted, client, billed: () => billed };
}

const ESTIMATE = INPUT_TOKENS * PRICES.input;

describe('a request that failed with a status', () => {
  for (const status of [502, 504, 520, 524]) {
    it(`${status} is charged its worst case: the model may have worked`, async (test) => {
      const { client, api, billed, ledger } = await setUp(test, [status], MAX_TOKENS);
      await assert.rejects(client.chat.completions.create(CHAT), { status });
      const { nanoUsd, calls, open } = await ledger();
      assert.deepEqual([api.requests.length, calls, open], [1, 1, 0]);
      assert.ok(nanoUsd >= billed() && nanoUsd <= 2 * billed(), `${nanoUsd} of ${billed()}`);
    });
  }

  for (const status of [408, 500, 503]) {
    it(`${status} is charged its input`, async (test) => {
      const { client, billed, ledger, events } = await setUp(test, [status], 0);
      await assert.rejects(client.chat.completions.create(CHAT), { status });
      const { nanoUsd, tokens, open } = await ledger();
      assert.deepEqual([nanoUsd, tokens, open], [billed(), INPUT_TOKENS, 0]);
      assert.deepEqual(
        events.map((event) => event.type === 'usage_missing' && event.charged),
        ['local'],
      );
    });
  }

  for (const status of [400, 401, 404, 429, 501, 521, 529]) {
    it(`${status} is charged nothing: it was rejected`, async (test) => {
      const { client, ledger, events } = await setUp(test, [status], 0);
      await assert.rejects(client.chat.completions.create(CHAT), { status });
      const { nanoUsd, calls, open } = await ledger();
      assert.deepEqual([nanoUsd, calls, open, events], [0, 0, 0, []]);
    });
  }

  for (const mode of ['observe', 'soft'] as const) {
    it(`is charged its input in ${mode}`, async (test) => {
      const { client, ledger } = await setUp(test, [502], 0, { mode });
      await assert.rejects(client.chat.completions.create(CHAT), { status: 502 });
      const { nanoUsd, open } = await ledger();
      assert.deepEqual([nanoUsd, open], [ESTIMATE, 0]);
    });
  }

  it('503 is free if its input has no price: a picture that was not generated', async (test) => {
    const { client, ledger } = await setUp(test, [503, 502], 0);
    const picture = { model: 'dall-e-3', prompt: PROMPT };
    await assert.rejects(client.images.generate(picture), { status: 503 });
    const free = await ledger();
    assert.deepEqual([free.nanoUsd, free.calls, free.open], [0, 0, 0]);
    await assert.rejects(client.images.generate(picture), { status: 502 });
    const { nanoUsd, calls, open } = await ledger();
    assert.deepEqual([calls, open], [1, 0]);
    // The price of the picture, at least.
    assert.ok(nanoUsd >= 40_000_000, `${nanoUsd}`);
  });

  it('is charged as the setting says', async (test) => {
    const failureBilling = { 502: 'nothing', 429: 'estimate' } as const;
    const { client, ledger } = await setUp(test, [502, 429], 0, { failureBilling });
    await assert.rejects(client.chat.completions.create(CHAT), { status: 502 });
    assert.equal((await ledger()).nanoUsd, 0);
    await assert.rejects(client.chat.completions.create(CHAT), { status: 429 });
    assert.equal((await ledger()).nanoUsd, ESTIMATE);
  });
});

describe('an answer with status 200 that is not of the model', () => {
  const HTML = { text: '<html>Please sign in</html>', type: 'text/html' };
  const worst = async (budgeted: Awaited<ReturnType<typeof setUp>>): Promise<void> => {
    const { nanoUsd, calls, open } = await budgeted.ledger();
    assert.deepEqual([calls, open], [1, 0]);
    const billed = budgeted.billed();
    assert.ok(nanoUsd >= billed && nanoUsd <= 2 * billed, `${nanoUsd} of ${billed}`);
  };

  for (const [what, page] of [
    ['a page', HTML],
    ['a page named JSON that is a text', { text: '"please sign in"', type: 'application/json' }],
    ['nothing', { text: '', type: 'text/plain' }],
  ] as const) {
    it(`is charged its worst case: ${what}`, async (test) => {
      const budgeted = await setUp(test, [200], MAX_TOKENS, { page });
      await budgeted.client.chat.completions.create(CHAT);
      await worst(budgeted);
    });
  }

  it('is charged its worst case: a page in place of a stream', async (test) => {
    const budgeted = await setUp(test, [200], MAX_TOKENS, { page: HTML });
    const stream = await budgeted.client.chat.completions.create({ ...CHAT, stream: true });
    for await (const _ of stream) assert.fail('a chunk');
    await worst(budgeted);
  });

  it('is charged its worst case through a budgeted fetch', async (test) => {
    const budgeted = await setUp(test, [200], MAX_TOKENS, { page: HTML });
    const send = budgetFetch({ tracker: budgeted.tracker });
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(CHAT),
    };
    const response = await send(`${budgeted.api.url}/chat/completions`, init);
    assert.equal(await response.text(), HTML.text);
    await worst(budgeted);
  });

  it('is charged its input and its text in observe', async (test) => {
    const { client, ledger } = await setUp(test, [200], 0, { page: HTML, mode: 'observe' });
    await client.chat.completions.create(CHAT);
    assert.equal((await ledger()).nanoUsd, ESTIMATE + 8 * PRICES.output);
  });
});

describe('an attempt that failed with a status and that the SDK repeats', () => {
  it('is charged beside the one that succeeds', async (test) => {
    const { client, api, billed, ledger, spans } = await setUp(test, [502, 504, 200], MAX_TOKENS);
    await client.chat.completions.create(CHAT, { maxRetries: 2 });
    const { nanoUsd, calls, open } = await ledger();
    assert.deepEqual([api.requests.length, calls, open], [3, 3, 0]);
    assert.ok(nanoUsd >= billed() && nanoUsd <= 2 * billed(), `${nanoUsd} of ${billed()}`);
    assert.ok(Number(spans[0]?.['token_budget.attempts.cost']) > 0);
  });

  it('is charged once if it is the last', async (test) => {
    const { client, api, billed, ledger } = await setUp(test, [503], 0);
    await assert.rejects(client.chat.completions.create(CHAT, { maxRetries: 2 }), { status: 503 });
    const { nanoUsd, calls } = await ledger();
    assert.deepEqual([api.requests.length, calls, nanoUsd], [3, 3, billed()]);
  });

  it('is free if it was rejected', async (test) => {
    const { client, api, ledger } = await setUp(test, [429, 529, 200], 5);
    await client.chat.completions.create(CHAT, { maxRetries: 2 });
    const { nanoUsd, calls } = await ledger();
    assert.deepEqual([api.requests.length, calls, nanoUsd], [3, 1, ESTIMATE + 5 * PRICES.output]);
  });

  it('is not repeated if the budget cannot pay for another', async (test) => {
    const limits = { costUsd: 0.000_06 };
    const { client, api, billed, ledger } = await setUp(test, [502], MAX_TOKENS, { limits });
    await assert.rejects(client.chat.completions.create(CHAT, { maxRetries: 5 }), {
      code: 'token_budget_exceeded',
    });
    const { nanoUsd, open } = await ledger();
    assert.equal(open, 0);
    assert.ok(billed() <= nanoUsd && nanoUsd <= 60_000, `${nanoUsd} of ${billed()}`);
    assert.equal(api.requests.length, 1);
  });

  for (const mode of ['observe', 'soft'] as const) {
    it(`is charged its input in ${mode}`, async (test) => {
      const { client, ledger } = await setUp(test, [502, 200], 5, { mode });
      await client.chat.completions.create(CHAT, { maxRetries: 1 });
      const { nanoUsd, calls, open } = await ledger();
      assert.deepEqual([nanoUsd, calls, open], [2 * ESTIMATE + 5 * PRICES.output, 2, 0]);
    });
  }
});

describe('a failed request of another client', () => {
  it('is charged through a budgeted fetch, each attempt once', async (test) => {
    const { tracker, api, ledger } = await setUp(test, [502, 529, 200], 1);
    const client = new Anthropic({
      apiKey: 'k',
      baseURL: api.url.replace(/\/v1$/, ''),
      maxRetries: 2,
      fetch: budgetFetch({ tracker }),
    });
    const messages = [{ role: 'user' as const, content: PROMPT }];
    await client.messages.create({ model: 'claude-sonnet-4-6', max_tokens: MAX_TOKENS, messages });
    const { nanoUsd, calls, open } = await ledger();
    assert.deepEqual([api.requests.length, calls, open], [3, 2, 0]);
    const billed = 2 * INPUT_TOKENS * 3_000 + (MAX_TOKENS + 1) * 15_000;
    assert.ok(nanoUsd >= billed && nanoUsd <= 2 * billed, `${nanoUsd} of ${billed}`);
  });

  it('is charged once through a middleware of the AI SDK over a budgeted fetch', async (test) => {
    const { tracker, api, billed, ledger } = await setUp(test, [502], MAX_TOKENS);
    const provider = createOpenAI({ apiKey: 'k', baseURL: api.url, fetch: budgetFetch({ tracker }) });
    const model = wrapLanguageModel({
      model: provider.chat('gpt-4o-mini'),
      middleware: budgetMiddleware({ tracker }),
    });
    const call = generateText({ model, prompt: PROMPT, maxOutputTokens: MAX_TOKENS, maxRetries: 0 });
    await assert.rejects(call, { statusCode: 502 });
    const { nanoUsd, calls, open } = await ledger();
    assert.deepEqual([api.requests.length, calls, open], [1, 1, 0]);
    assert.ok(nanoUsd >= billed() && nanoUsd <= 2 * billed(), `${nanoUsd} of ${billed()}`);
  });

  it('is charged as its option says', async (test) => {
    const { tracker, api, ledger } = await setUp(test, [502], 0);
    const send = budgetFetch({ tracker, failureBilling: { 502: 'estimate' } });
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify(CHAT);
    await send(`${api.url}/chat/completions`, { method: 'POST', headers, body });
    assert.equal((await ledger()).nanoUsd, ESTIMATE);
  });

  it('has an option that is checked', () => {
    for (const [failureBilling, message] of [
      [{ 502: 'free' }, 'failureBilling.502: got "free", expected nothing, estimate or worst-case'],
      [{ 200: 'nothing' }, 'failureBilling: got the status "200", expected one from 400 to 599'],
    ] as const) {
      const { tracker } = budgetedClient({ url: 'http://127.0.0.1:9' });
      const options = { tracker, failureBilling: failureBilling as unknown as FailureBilling };
      assert.throws(() => budgetFetch(options), { name: 'TypeError', message });
    }
  });
});
