import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { BudgetExceededError, UnmeteredEndpointError } from '../../src/budget/index.ts';
import { DEFERRED_LEASE_MS } from '../../src/calls/memory/deferred-calls.ts';
import { SqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { type ApiRequest, budgetedClient, eventStream, startApi } from '../support/budgeted-client.ts';
import { eventually } from '../support/eventually.ts';

const USAGE = {
  input_tokens: 1_000,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 100,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 1_100,
};
/** The cost of {@link USAGE} at gpt-5.2, nano-USD. */
const COST = 3_150_000;

function response(status: string, rest: object = {}) {
  return { id: 'resp_1', object: 'response', model: 'gpt-5.2', status, output: [], usage: null, ...rest };
}

/** Creates a ledger file; the returned function opens a store on it, as another process would. */
function ledgerFile(t: TestContext, now?: () => number) {
  const directory = mkdtempSync(join(tmpdir(), 'otel-token-budget-deferred-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return () => {
    const store = new SqliteStore(join(directory, 'ledger.db'), now === undefined ? {} : { now });
    t.after(() => store.close());
    return store;
  };
}

const background = { model: 'gpt-5.2', input: 'Go on.', background: true, max_output_tokens: 500 } as const;

describe('a background response', { concurrency: 4 }, () => {
  test('is charged at the model and tier of its request, unless the answer is dearer', async (t) => {
    const cheap = { model: 'gpt-5-nano', service_tier: 'flex', usage: USAGE };
    const responses = [response('queued'), response('completed', cheap)];
    const api = await startApi(t, () => responses.shift());
    const { client, ledger, events } = budgetedClient(api);
    const { id } = await client.responses.create(background);
    await client.responses.retrieve(id);
    assert.equal((await ledger()).nanoUsd, COST);
    assert.deepEqual(
      events.flatMap((event) => (event.type === 'usage_missing' ? [event.charged] : [])),
      ['request'],
    );
  });

  test('emits the event of its charge when it is settled', async (t) => {
    const responses = [response('queued'), response('completed', { usage: USAGE })];
    const api = await startApi(t, () => responses.shift());
    const { client, ledger, tracker } = budgetedClient(api);
    const charges: [origin: string, costNanoUsd: number, calls: number][] = [];
    tracker.on((event) => {
      if (event.type === 'call') charges.push([event.origin, event.charged.costNanoUsd, event.charged.calls]);
    });
    const { id } = await client.responses.create(background);
    await client.responses.retrieve(id);
    assert.deepEqual(charges, [
      ['call', 0, 0],
      ['deferred', COST, 1],
    ]);
    assert.deepEqual([(await ledger()).nanoUsd, (await ledger()).calls], [COST, 1]);
  });

  test('has its content and finish reason on the span of its settlement', async (t) => {
    const output = [{ type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' }];
    const responses = [response('queued'), response('completed', { usage: USAGE, output })];
    const api = await startApi(t, () => responses.shift());
    const { client, spans } = budgetedClient(api, { captureContent: true });
    const { id } = await client.responses.create(background);
    await client.responses.retrieve(id);
    const [started, settled] = spans;
    assert.equal(started?.['gen_ai.output.messages'], undefined);
    assert.deepEqual(settled?.['gen_ai.response.finish_reasons'], ['tool_call']);
    assert.deepEqual(JSON.parse(String(settled?.['gen_ai.output.messages'])), [
      {
        role: 'assistant',
        parts: [{ type: 'tool_call', id: 'c', name: 'f', arguments: {} }],
        finish_reason: 'tool_call',
      },
    ]);
  });

  test('that costs more than is held for it is charged in full, and reported', async (t) => {
    const usage = { ...USAGE, output_tokens: 2_000 };
    const responses = [response('queued'), response('completed', { usage })];
    const api = await startApi(t, () => responses.shift());
    const { client, ledger, events } = budgetedClient(api);
    const { id } = await client.responses.create(background);
    await client.responses.retrieve(id);
    assert.equal((await ledger()).nanoUsd, 1_750_000 + 2_000 * 14_000);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['exceeded_reservation'],
    );
  });

  test('is held while it is in progress, and settled when it is retrieved', async (t) => {
    const responses = [
      response('queued'),
      response('in_progress'),
      response('completed', { usage: USAGE }),
      response('completed', { usage: USAGE }),
    ];
    const api = await startApi(t, () => responses.shift());
    const { client, ledger, spans, tracker } = budgetedClient(api);
    const { id } = await client.responses.create(background);
    const held = await ledger();
    assert.deepEqual([held.nanoUsd, held.open], [0, 1]);
    assert.ok(held.reservedNanoUsd > 500 * 14_000);
    await client.responses.retrieve(id);
    assert.equal((await ledger()).open, 1);
    await client.responses.retrieve(id);
    const settled = { nanoUsd: COST, tokens: 1_100, calls: 1, open: 0, reservedNanoUsd: 0 };
    assert.deepEqual(await ledger(), settled);
    await client.responses.retrieve(id);
    assert.deepEqual(await ledger(), settled);
    assert.deepEqual(
      spans.map((span) => [span['token_budget.work.id'], span['token_budget.cost.nano_usd']]),
      [
        [id, undefined],
        [id, COST],
      ],
    );
    assert.equal(spans[1]?.['gen_ai.usage.input_tokens'], 1_000);
    assert.equal((await tracker.status()).balances.open, 0);
  });

  test('is settled by another process that retrieves it', async (t) => {
    const open = ledgerFile(t);
    const responses = [response('queued'), response('completed', { usage: USAGE })];
    const api = await startApi(t, () => responses.shift());
    const starter = budgetedClient(api, { store: open() });
    await starter.client.responses.create(background);
    await eventually('it is reserved', async () => (await starter.ledger()).open === 1);
    const observer = budgetedClient(api, { store: open() });
    await observer.client.responses.retrieve('resp_1');
    const settled = { nanoUsd: COST, tokens: 1_100, calls: 1, open: 0, reservedNanoUsd: 0 };
    assert.deepEqual(await observer.ledger(), settled);
    assert.deepEqual(await starter.ledger(), settled);
    assert.equal(observer.spans[0]?.['token_budget.cost.nano_usd'], COST);
  });

  test('whose completion is never seen is charged in full when its lease ends, and never again', async (t) => {
    let now = Date.now();
    const open = ledgerFile(t, () => now);
    const responses = [response('queued'), response('completed', { usage: USAGE })];
    const api = await startApi(t, () => responses.shift());
    const starter = budgetedClient(api, { store: open() });
    await starter.client.responses.create(background);
    const { reservedNanoUsd } = await starter.ledger();
    // Longer than the lease of a call, which its process would have to renew.
    now += 3_600_000;
    const observer = budgetedClient(api, { store: open() });
    assert.equal((await observer.ledger()).open, 1);
    now += DEFERRED_LEASE_MS;
    const charged = await observer.ledger();
    assert.deepEqual([charged.nanoUsd, charged.open, charged.calls], [reservedNanoUsd, 0, 1]);
    await observer.client.responses.retrieve('resp_1');
    assert.deepEqual(await observer.ledger(), charged);
    assert.deepEqual(observer.spans, []);
  });

  test('that ends without reporting its usage is charged in full', async (t) => {
    const responses = [response('queued'), response('cancelled')];
    const api = await startApi(t, () => responses.shift());
    const { client, ledger, events } = budgetedClient(api);
    await client.responses.create(background);
    const { reservedNanoUsd } = await ledger();
    await client.responses.cancel('resp_1');
    const { nanoUsd, open } = await ledger();
    assert.deepEqual([nanoUsd, open], [reservedNanoUsd, 0]);
    assert.equal(events.at(-1)?.type, 'usage_missing');
  });

  test('whose stream is resumed is settled by its last event', async (t) => {
    const events = [
      { type: 'response.in_progress', response: response('in_progress') },
      { type: 'response.completed', response: response('completed', { usage: USAGE }) },
    ];
    const api = await startApi(t, ({ method }) =>
      method === 'POST' ? response('queued') : eventStream(events),
    );
    const { client, ledger } = budgetedClient(api);
    await client.responses.create(background);
    const stream = await client.responses.retrieve('resp_1', { stream: true, starting_after: 1 });
    for await (const event of stream) assert.ok(event);
    const { nanoUsd, open } = await ledger();
    assert.deepEqual([nanoUsd, open], [COST, 0]);
  });

  test('whose stream breaks off is held until it is retrieved', async (t) => {
    const created = [{ type: 'response.created', response: response('in_progress') }];
    const api = await startApi(t, ({ method }) =>
      method === 'POST' ? eventStream(created) : response('completed', { usage: USAGE }),
    );
    const { client, ledger } = budgetedClient(api);
    const stream = await client.responses.create({ ...background, stream: true });
    for await (const event of stream) assert.ok(event);
    assert.equal((await ledger()).open, 1);
    await client.responses.retrieve('resp_1');
    const { nanoUsd, open } = await ledger();
    assert.deepEqual([nanoUsd, open], [COST, 0]);
  });

  test('is charged once in observe mode too', async (t) => {
    const responses = [response('queued'), response('completed', { usage: USAGE })];
    const api = await startApi(t, () => responses.shift());
    const { client, ledger } = budgetedClient(api, { mode: 'observe' });
    await client.responses.create(background);
    const { open, nanoUsd, reservedNanoUsd } = await ledger();
    assert.deepEqual([open, nanoUsd], [1, 0]);
    assert.ok(reservedNanoUsd > 0, 'its input is held');
    await client.responses.retrieve('resp_1');
    assert.deepEqual(await ledger(), {
      nanoUsd: COST,
      tokens: 1_100,
      calls: 1,
      open: 0,
      reservedNanoUsd: 0,
    });
  });
});

const LINE = {
  custom_id: '1',
  method: 'POST',
  url: '/v1/chat/completions',
  body: { model: 'gpt-5.2', messages: [{ role: 'user', content: 'Hi.' }], max_completion_tokens: 1_000 },
};

function batch(status: string, rest: object = {}) {
  return { id: 'batch_1', object: 'batch', status, endpoint: '/v1/chat/completions', ...rest };
}

function batchApi(t: TestContext, retrieved: object) {
  return startApi(t, ({ method, path }: ApiRequest) => {
    if (path === '/files') return { id: 'file-1', object: 'file', purpose: 'batch' };
    return method === 'POST' ? batch('validating') : retrieved;
  });
}

const lines = (count: number, line: object = LINE): File =>
  new File([Array.from({ length: count }, () => JSON.stringify(line)).join('\n')], 'batch.jsonl');

const BATCH_REQUEST = {
  input_file_id: 'file-1',
  endpoint: '/v1/chat/completions',
  completion_window: '24h',
} as const;

describe('a batch', { concurrency: 4 }, () => {
  test('is reserved by its file at half the price, and settled when it completes', async (t) => {
    const done = batch('completed', {
      model: 'gpt-5.2',
      usage: USAGE,
      request_counts: { completed: 20, failed: 0, total: 20 },
    });
    const api = await batchApi(t, done);
    const { client, ledger, spans, events } = budgetedClient(api);
    const file = await client.files.create({ purpose: 'batch', file: lines(20) });
    await client.batches.create({ ...BATCH_REQUEST, input_file_id: file.id });
    const { reservedNanoUsd, open } = await ledger();
    assert.equal(open, 1);
    const outputs = (20 * 1_000 * 14_000) / 2;
    assert.ok(
      reservedNanoUsd > outputs && reservedNanoUsd < outputs + 20 * 200 * 1_750,
      `${reservedNanoUsd}`,
    );
    await client.batches.retrieve('batch_1');
    assert.deepEqual(await ledger(), {
      nanoUsd: COST / 2,
      tokens: 1_100,
      calls: 1,
      open: 0,
      reservedNanoUsd: 0,
    });
    assert.equal(spans[1]?.['token_budget.cost.nano_usd'], COST / 2);
    assert.equal(api.requests[0]?.form?.get('purpose'), 'batch');
    assert.deepEqual(events, []);
  });

  test('that the budget cannot pay for is refused, and its requests are not sent', async (t) => {
    const api = await batchApi(t, {});
    const { client } = budgetedClient(api, { limits: { costUsd: 0.1 } });
    await client.files.create({ purpose: 'batch', file: lines(20) });
    await assert.rejects(client.batches.create(BATCH_REQUEST), BudgetExceededError);
    assert.deepEqual(
      api.requests.map(({ path }) => path),
      ['/files'],
    );
  });

  test('is settled by another process from a list of batches', async (t) => {
    const open = ledgerFile(t);
    const done = batch('expired', {
      model: 'gpt-5.2',
      usage: USAGE,
      request_counts: { completed: 3, failed: 2, total: 5 },
    });
    const api = await batchApi(t, { object: 'list', data: [done], has_more: false });
    const starter = budgetedClient(api, { store: open() });
    await starter.client.files.create({ purpose: 'batch', file: lines(5) });
    await starter.client.batches.create(BATCH_REQUEST);
    const observer = budgetedClient(api, { store: open() });
    for await (const one of observer.client.batches.list()) assert.equal(one.id, 'batch_1');
    const { nanoUsd, open: left } = await starter.ledger();
    assert.deepEqual([nanoUsd, left], [COST / 2, 0]);
  });

  test('that fails as a whole costs nothing', async (t) => {
    const api = await batchApi(t, batch('failed'));
    const { client, ledger } = budgetedClient(api);
    await client.files.create({ purpose: 'batch', file: lines(5) });
    await client.batches.create(BATCH_REQUEST);
    await client.batches.retrieve('batch_1');
    assert.deepEqual(await ledger(), { nanoUsd: 0, tokens: 0, calls: 0, open: 0, reservedNanoUsd: 0 });
  });

  const unbounded: readonly (readonly [string, File | undefined])[] = [
    ['whose file was uploaded elsewhere', undefined],
    ['with requests to an unmetered endpoint', lines(2, { ...LINE, url: '/v1/something/else' })],
  ];
  for (const [which, file] of unbounded) {
    test(`${which} is reported and charged when it completes, or refused`, async (t) => {
      const done = batch('completed', { model: 'gpt-5.2', usage: USAGE });
      const api = await batchApi(t, done);
      const warned = budgetedClient(api);
      if (file !== undefined) await warned.client.files.create({ purpose: 'batch', file });
      await warned.client.batches.create(BATCH_REQUEST);
      await warned.client.batches.create(BATCH_REQUEST).catch(() => {});
      assert.deepEqual(warned.events[0], {
        type: 'unmetered',
        budget: 'b',
        endpoint: 'POST /batches',
        reason: 'unbounded',
        refused: false,
      });
      assert.equal(warned.events.filter(({ type }) => type === 'unmetered').length, 1);
      await warned.client.batches.retrieve('batch_1');
      assert.equal((await warned.ledger()).nanoUsd, COST / 2);
      const sent = api.requests.length;
      const strict = budgetedClient(api, { unmeteredEndpoints: 'refuse' });
      await assert.rejects(strict.client.batches.create(BATCH_REQUEST), UnmeteredEndpointError);
      assert.equal(api.requests.length, sent);
    });
  }

  test('does not wait for a file that is not JSON lines', async (t) => {
    const api = await batchApi(t, batch('failed'));
    const { client, ledger } = budgetedClient(api);
    const file = new File(['not json\n{"a":\n\n[]\n'], 'x.jsonl');
    await client.files.create({ purpose: 'batch', file });
    await client.batches.create(BATCH_REQUEST);
    assert.deepEqual([(await ledger()).reservedNanoUsd, (await ledger()).open], [0, 1]);
  });
});

describe('a run of an assistant', { concurrency: 4 }, () => {
  const run = (status: string, usage: object | null = null) => ({
    id: 'run_1',
    object: 'thread.run',
    thread_id: 'thread_1',
    model: 'gpt-5.2',
    status,
    usage,
  });
  const usage = { prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100 };
  const bounded = {
    assistant_id: 'asst_1',
    model: 'gpt-5.2',
    max_prompt_tokens: 2_000,
    max_completion_tokens: 200,
  };

  test('is reserved by its caps, and settled when polling sees it complete', async (t) => {
    const responses = [run('queued'), run('in_progress'), run('completed', usage)];
    const api = await startApi(t, () => responses.shift());
    const { client, ledger, events, spans } = budgetedClient(api);
    await client.beta.threads.runs.create('thread_1', bounded);
    assert.equal(spans[0]?.['gen_ai.agent.id'], 'asst_1');
    assert.equal(spans[0]?.['gen_ai.conversation.id'], 'thread_1');
    assert.equal((await ledger()).reservedNanoUsd, 2_000 * 1_750 + 200 * 14_000);
    await client.beta.threads.runs.retrieve('run_1', { thread_id: 'thread_1' });
    assert.equal((await ledger()).open, 1);
    await client.beta.threads.runs.retrieve('run_1', { thread_id: 'thread_1' });
    assert.deepEqual(await ledger(), {
      nanoUsd: COST,
      tokens: 1_100,
      calls: 1,
      open: 0,
      reservedNanoUsd: 0,
    });
    assert.deepEqual(events, []);
  });

  test('as a stream is settled by its last event', async (t) => {
    const api = await startApi(t, () =>
      eventStream([
        { event: 'thread.run.created', data: run('queued') },
        {
          event: 'thread.message.delta',
          data: { id: 'msg_1', object: 'thread.message.delta', delta: {} },
        },
        { event: 'thread.run.completed', data: run('completed', usage) },
      ]),
    );
    const { client, ledger } = budgetedClient(api);
    const stream = await client.beta.threads.runs.create('thread_1', { ...bounded, stream: true });
    for await (const event of stream) assert.ok(event);
    const { nanoUsd, open } = await ledger();
    assert.deepEqual([nanoUsd, open], [COST, 0]);
  });

  test('without caps is reported, and charged when it completes', async (t) => {
    const responses = [run('queued'), run('completed', usage)];
    const api = await startApi(t, () => responses.shift());
    const { client, ledger, events } = budgetedClient(api);
    await client.beta.threads.createAndRun({ assistant_id: 'asst_1' });
    assert.partialDeepStrictEqual(events[0], {
      type: 'unmetered',
      endpoint: 'POST /threads/runs',
      reason: 'unbounded',
    });
    await client.beta.threads.runs.retrieve('run_1', { thread_id: 'thread_1' });
    const { nanoUsd, open } = await ledger();
    assert.deepEqual([nanoUsd, open], [COST, 0]);
  });
});

test('a run of an evaluation is charged for each of its models', async (t) => {
  const evalRun = (status: string, per_model_usage: object[]) => ({
    id: 'evalrun_1',
    object: 'eval.run',
    status,
    model: 'gpt-5.2',
    per_model_usage,
  });
  const one = { model_name: 'gpt-5.2', prompt_tokens: 1_000, completion_tokens: 100, cached_tokens: 0 };
  const other = { model_name: 'gpt-4o', prompt_tokens: 1_000, completion_tokens: 0, cached_tokens: 1_000 };
  const responses = [evalRun('queued', []), evalRun('completed', [one, other])];
  const api = await startApi(t, () => responses.shift());
  const { client, ledger, events } = budgetedClient(api);
  const data_source = { type: 'jsonl', source: { type: 'file_id', id: 'file-1' } } as const;
  await client.evals.runs.create('eval_1', { data_source });
  assert.equal(events[0]?.type, 'unmetered');
  await client.evals.runs.retrieve('evalrun_1', { eval_id: 'eval_1' });
  const { nanoUsd, tokens, open } = await ledger();
  assert.deepEqual([nanoUsd, tokens, open], [COST + 1_250_000, 2_100, 0]);
});

describe('a video', { concurrency: 4 }, () => {
  const video = (status: string) => ({
    id: 'video_1',
    object: 'video',
    model: 'sora-2-pro',
    seconds: '8',
    size: '1792x1024',
    status,
  });
  const prices = { 'sora-2-pro': { input: 0, output: 0, second: 0.5 } };

  test('is reserved by its seconds, and settled when it completes', async (t) => {
    const responses = [video('queued'), video('in_progress'), video('completed')];
    const api = await startApi(t, () => responses.shift());
    const { client, ledger, spans } = budgetedClient(api, { prices });
    const size = '1792x1024';
    await client.videos.create({ model: 'sora-2-pro', prompt: 'x', seconds: '8', size });
    assert.equal((await ledger()).reservedNanoUsd, 4_000_000_000);
    await client.videos.retrieve('video_1');
    assert.equal((await ledger()).open, 1);
    await client.videos.retrieve('video_1');
    assert.deepEqual(await ledger(), {
      nanoUsd: 4_000_000_000,
      tokens: 0,
      calls: 1,
      open: 0,
      reservedNanoUsd: 0,
    });
    assert.equal(spans[1]?.['token_budget.usage.video.seconds'], 8);
  });

  test('that fails costs nothing', async (t) => {
    const responses = [video('queued'), video('failed')];
    const api = await startApi(t, () => responses.shift());
    const { client, ledger } = budgetedClient(api);
    await client.videos.remix('video_0', { prompt: 'x' });
    await client.videos.retrieve('video_1');
    assert.deepEqual(await ledger(), { nanoUsd: 0, tokens: 0, calls: 0, open: 0, reservedNanoUsd: 0 });
  });
});
