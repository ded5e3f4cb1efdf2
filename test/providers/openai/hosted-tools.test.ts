import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BudgetExceededError } from '../../../src/budget/index.ts';
import { budgetedClient, eventStream, startApi } from '../../support/budgeted-client.ts';

const USAGE = { input_tokens: 1_000, output_tokens: 100, total_tokens: 1_100 };
/** The cost of {@link USAGE} at gpt-5.2 and at gpt-4o, nano-USD. */
const COST = 3_150_000;
const COST_4O = 3_500_000;

function response(output: object[], rest: object = {}) {
  return {
    id: 'resp_1',
    object: 'response',
    model: 'gpt-5.2',
    status: 'completed',
    output,
    usage: USAGE,
    ...rest,
  };
}

const search = (action: string) => ({
  type: 'web_search_call',
  id: 'ws_1',
  status: 'completed',
  action: { type: action },
});
const CODE = { type: 'code_interpreter', container: { type: 'auto' } } as const;
const codeCall = (container_id: string) => ({
  type: 'code_interpreter_call',
  id: 'ci_1',
  container_id,
  code: '1',
});
const REQUEST = { model: 'gpt-5.2', input: 'Look it up.', max_output_tokens: 200 };

describe('the fees of hosted tools', { concurrency: 4 }, () => {
  const cases: readonly (readonly [string, object, object, number])[] = [
    [
      'searches, not for opened pages',
      { tools: [{ type: 'web_search' }] },
      response([search('search'), search('open_page'), search('search')]),
      COST + 20_000_000,
    ],
    [
      'as many searches as the service reports',
      { tools: [{ type: 'web_search' }] },
      response([search('search'), search('search')], { tool_usage: { web_search: { num_requests: 1 } } }),
      COST + 10_000_000,
    ],
    [
      'the older search tool with a model that does not reason',
      { model: 'gpt-4o', tools: [{ type: 'web_search_preview' }] },
      response([search('search')], { model: 'gpt-4o-2024-08-06', tools: [{ type: 'web_search_preview' }] }),
      COST_4O + 25_000_000,
    ],
    [
      'the older search tool with a model that reasons',
      { tools: [{ type: 'web_search_preview' }] },
      response([search('search')], { tools: [{ type: 'web_search_preview' }] }),
      COST + 10_000_000,
    ],
    [
      'file searches',
      { tools: [{ type: 'file_search', vector_store_ids: ['vs_1'] }] },
      response([{ type: 'file_search_call', id: 'fs_1', queries: [] }]),
      COST + 2_500_000,
    ],
    [
      'a container',
      { tools: [CODE] },
      response([codeCall('cntr_1'), codeCall('cntr_1')], { tools: [CODE] }),
      COST + 30_000_000,
    ],
    [
      'a larger container',
      { tools: [CODE] },
      response([codeCall('cntr_1')], {
        tools: [{ ...CODE, container: { type: 'auto', memory_limit: '4g' } }],
      }),
      COST + 120_000_000,
    ],
    [
      'no container that already existed',
      { tools: [{ type: 'code_interpreter', container: 'cntr_1' }] },
      response([codeCall('cntr_1')], { tools: [{ type: 'code_interpreter', container: 'cntr_1' }] }),
      COST,
    ],
    [
      'images, by the reported tokens',
      { tools: [{ type: 'image_generation' }] },
      response([], {
        tools: [{ type: 'image_generation', model: 'gpt-image-1' }],
        tool_usage: {
          image_gen: { input_tokens: 10, output_tokens: 1_000, total_tokens: 1_010 },
          web_search: { num_requests: 0 },
        },
      }),
      COST + 10 * 5_000 + 1_000 * 40_000,
    ],
    [
      'images, by their quality and size',
      { tools: [{ type: 'image_generation' }] },
      response([
        { type: 'image_generation_call', id: 'ig_1', status: 'completed', quality: 'low', size: '1024x1024' },
      ]),
      COST + 272 * 40_000,
    ],
  ];
  for (const [what, request, body, nanoUsd] of cases) {
    test(`are charged for ${what}`, async (t) => {
      const api = await startApi(t, () => body);
      const { client, ledger, spans } = budgetedClient(api);
      await client.responses.create({ ...REQUEST, ...request });
      assert.equal((await ledger()).nanoUsd, nanoUsd);
      assert.equal(spans[0]?.['token_budget.cost.nano_usd'], nanoUsd);
    });
  }

  test('of a stream are those of its last event', async (t) => {
    const done = response([search('search')]);
    const api = await startApi(t, () =>
      eventStream([
        { type: 'response.created', response: { ...done, status: 'in_progress', output: [], usage: null } },
        { type: 'response.completed', response: done },
      ]),
    );
    const { client, ledger, spans } = budgetedClient(api);
    const stream = await client.responses.create({
      ...REQUEST,
      tools: [{ type: 'web_search' }],
      stream: true,
    });
    for await (const event of stream) assert.ok(event);
    assert.equal((await ledger()).nanoUsd, COST + 10_000_000);
    assert.equal(spans[0]?.['token_budget.usage.web_searches'], 1);
  });

  test('of a container created by its own call are charged once', async (t) => {
    const api = await startApi(t, ({ path }) =>
      path === '/containers'
        ? { id: 'cntr_1', object: 'container', name: 'x', status: 'running' }
        : response([codeCall('cntr_1')], { tools: [{ type: 'code_interpreter', container: 'cntr_1' }] }),
    );
    const { client, ledger } = budgetedClient(api);
    await client.containers.create({ name: 'x', memory_limit: '16g' });
    const tools = [{ type: 'code_interpreter', container: 'cntr_1' }] as const;
    await client.responses.create({ ...REQUEST, tools: [...tools] });
    assert.equal((await ledger()).nanoUsd, 480_000_000 + COST);
  });

  test('of a container that two responses name are charged once', async (t) => {
    const api = await startApi(t, () => response([codeCall('cntr_1')], { tools: [CODE] }));
    const { client, ledger } = budgetedClient(api);
    for (let n = 0; n < 2; n += 1) await client.responses.create({ ...REQUEST, tools: [CODE] });
    assert.equal((await ledger()).nanoUsd, 2 * COST + 30_000_000);
  });

  test('of a search model of Chat are one search per call', async (t) => {
    const model = 'gpt-4o-search-preview';
    const usage = { prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100 };
    const chunk = {
      id: 'x',
      object: 'chat.completion.chunk',
      model,
      choices: [{ index: 0, delta: { content: 'a' } }],
    };
    const api = await startApi(t, ({ body }) =>
      body['stream'] === true
        ? eventStream([chunk, { ...chunk, choices: [], usage }])
        : { id: 'x', model, usage, choices: [{ index: 0, message: { role: 'assistant', content: 'a' } }] },
    );
    const { client, ledger } = budgetedClient(api);
    const messages = [{ role: 'user' as const, content: 'News?' }];
    await client.chat.completions.create({ model, messages, max_tokens: 200 });
    assert.equal((await ledger()).nanoUsd, COST_4O + 25_000_000);
    const stream = await client.chat.completions.create({ model, messages, max_tokens: 200, stream: true });
    for await (const event of stream) assert.ok(event);
    assert.equal((await ledger()).nanoUsd, 2 * (COST_4O + 25_000_000));
  });

  test('are reserved for as many tool calls as are allowed, default eight', async (t) => {
    const api = await startApi(t, () => response([search('search')]));
    const askWith = (limit: number, max_tool_calls?: number) =>
      budgetedClient(api, { limits: { costUsd: limit } }).client.responses.create({
        ...REQUEST,
        model: 'gpt-4o-mini',
        tools: [{ type: 'web_search' }],
        ...(max_tool_calls === undefined ? {} : { max_tool_calls }),
      });
    // Its input is bounded by the context window of gpt-4o-mini, $0.0192.
    await assert.rejects(askWith(0.09), BudgetExceededError);
    await assert.rejects(askWith(0.06, 5), BudgetExceededError);
    assert.equal(api.requests.length, 0);
    await askWith(0.12);
    await askWith(0.09, 5);
    assert.equal(api.requests.length, 2);
  });
});
