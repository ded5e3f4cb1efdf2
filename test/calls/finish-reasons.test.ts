import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Attributes, trace } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { budgetFetch } from '../../src/clients/fetch/index.ts';
import { trackerOf } from '../clients/budgeted-fetch.ts';
import { type ApiResponse, budgetedClient, eventStream, startApi } from '../support/budgeted-client.ts';

const MESSAGES = [{ role: 'user' as const, content: 'Hm?' }];
const FINISH_REASONS = 'gen_ai.response.finish_reasons';

const usage = { input_tokens: 10, output_tokens: 20, total_tokens: 30 };

test('a response that calls a tool ends with tool_call, streamed or not', async (t) => {
  const response = {
    id: 'resp_1',
    object: 'response',
    model: 'gpt-5.2',
    status: 'completed',
    output: [{ type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '{}' }],
    usage,
  };
  const api = await startApi(
    t,
    ({ body }): ApiResponse =>
      body['stream'] === true ? eventStream([{ type: 'response.completed', response }]) : response,
  );
  const { client, spans } = budgetedClient(api);
  await client.responses.create({ model: 'gpt-5.2', input: 'Hm?' });
  for await (const _ of await client.responses.create({ model: 'gpt-5.2', input: 'Hm?', stream: true })) {
    // Read to the end.
  }
  assert.deepEqual(
    spans.map((span) => span[FINISH_REASONS]),
    [['tool_call'], ['tool_call']],
  );
});

test('a stream that the program leaves ends with error', async (t) => {
  const chunk = (content: string) => ({ id: 'c', choices: [{ index: 0, delta: { content } }] });
  const api = await startApi(t, () => eventStream([chunk('a'), chunk('b')]));
  const { client, spans } = budgetedClient(api);
  const stream = await client.chat.completions.create({ model: 'gpt-4o', messages: MESSAGES, stream: true });
  for await (const _ of stream) break;
  assert.deepEqual(spans[0]?.[FINISH_REASONS], ['error']);
});

test('a span of embeddings carries its cost', async (t) => {
  const api = await startApi(t, () => ({
    object: 'list',
    model: 'text-embedding-3-small',
    data: [],
    usage: { prompt_tokens: 1_000, total_tokens: 1_000 },
  }));
  const { client, spans } = budgetedClient(api);
  await client.embeddings.create({ model: 'text-embedding-3-small', input: 'Hm?' });
  const [span] = spans;
  assert.equal(span?.['gen_ai.usage.cost.amount'], Number(span?.['token_budget.cost.nano_usd']) / 1e9);
  assert.equal(span?.['gen_ai.usage.cost.currency'], 'USD');
  assert.equal(span?.['gen_ai.usage.cost.source'], 'local');
  assert.equal(span?.['gen_ai.usage.output_tokens'], undefined);
});

test('a stream that ends with an event of an error ends with error', async (t) => {
  const spans: Attributes[] = [];
  const done = () => Promise.resolve();
  const onEnd = ({ attributes }: { attributes: Attributes }) => void spans.push(attributes);
  const spanProcessors = [{ onStart: () => {}, onEnd, forceFlush: done, shutdown: done }];
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors }));
  t.after(() => trace.disable());
  const response = { id: 'resp_1', object: 'response', model: 'gpt-5.2', status: 'in_progress', output: [] };
  const api = await startApi(t, () =>
    eventStream([
      { type: 'response.created', response },
      { type: 'error', code: 'server_error', message: 'x' },
    ]),
  );
  const fetch = budgetFetch({ tracker: trackerOf({ costUsd: 5 }) });
  const body = JSON.stringify({ model: 'gpt-5.2', input: 'Hm?', stream: true });
  await (await fetch(`${api.url}/responses`, { method: 'POST', body })).text();
  assert.deepEqual(spans[0]?.[FINISH_REASONS], ['error']);
});
