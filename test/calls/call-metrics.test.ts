import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  type ApiResponse,
  type BudgetedClient,
  budgetedClient,
  eventStream,
  startApi,
} from '../support/budgeted-client.ts';
import { isObject } from '../support/json.ts';

const MESSAGES = [{ role: 'user' as const, content: 'Hm?' }];
const USAGE = 'gen_ai.client.inference.usage.';

/** A point of a metric: a count of values for a histogram, their sum for a counter. */
interface Point {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly value: number;
}

/** Makes calls to a server that responds as given, and returns the points of their metrics. */
async function measure(
  t: TestContext,
  respond: (path: string) => ApiResponse,
  calls: (client: BudgetedClient['client']) => Promise<unknown>,
): Promise<(name: string, ...attributes: string[]) => unknown[]> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const api = await startApi(t, ({ path }) => respond(path));
  await calls(budgetedClient(api, { meterProvider, mode: 'observe' }).client);
  await meterProvider.forceFlush();
  const metrics =
    exporter
      .getMetrics()
      .at(-1)
      ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
  const points: Point[] = metrics.flatMap(({ descriptor, dataPoints }) =>
    dataPoints.map(({ attributes, value }) => ({
      name: descriptor.name,
      attributes,
      value: typeof value === 'number' ? value : isObject(value) ? Number(value['count']) : Number.NaN,
    })),
  );
  await meterProvider.shutdown();
  return (name, ...attributes) =>
    points
      .filter((point) => point.name === name)
      .map((point) => [...attributes.map((one) => point.attributes[one]), point.value])
      .sort();
}

const completion = (usage?: object) => ({
  object: 'chat.completion',
  model: 'gpt-4o-2024-08-06',
  service_tier: 'default',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello there' }, finish_reason: 'stop' }],
  usage,
});
const ask = (client: BudgetedClient['client']) =>
  client.chat.completions.create({ model: 'gpt-4o', messages: MESSAGES });

test('tokens that the service reported are counted by modality', async (t) => {
  const usage = {
    prompt_tokens: 100,
    completion_tokens: 50,
    prompt_tokens_details: { cached_tokens: 20, audio_tokens: 30 },
    completion_tokens_details: { reasoning_tokens: 10 },
  };
  const points = await measure(t, () => completion(usage), ask);
  const modality = 'gen_ai.token.modality';
  assert.deepEqual(points(`${USAGE}input_tokens`, modality), [
    ['audio', 30],
    ['text', 70],
  ]);
  assert.deepEqual(points(`${USAGE}output_tokens`, modality), [['text', 50]]);
  assert.deepEqual(points(`${USAGE}cache_read.input_tokens`, modality), [['unknown', 20]]);
  assert.deepEqual(points(`${USAGE}cache_write.input_tokens`), []);
  assert.deepEqual(points(`${USAGE}reasoning.output_tokens`, modality), [['text', 10]]);
  for (const kind of ['input', 'output'])
    assert.deepEqual(points(`gen_ai.client.inference.operation.${kind}_tokens`), [[1]]);
  assert.deepEqual(points('gen_ai.client.inference.duration', 'error.type'), [[undefined, 1]]);
  const tier = 'openai.response.service_tier';
  for (const name of [`${USAGE}output_tokens`, 'gen_ai.client.inference.duration'])
    assert.equal(points(name, tier).flat()[0], 'default');
  assert.equal(points('token_budget.call.cost', tier).flat()[0], undefined);
  assert.deepEqual(points('gen_ai.client.token.usage'), []);
});

test('tokens that this package counted are not in the metrics of the conventions', async (t) => {
  const points = await measure(t, () => completion(), ask);
  assert.deepEqual(points(`${USAGE}input_tokens`, 'gen_ai.token.modality'), [['unknown', 0]]);
  assert.deepEqual(points(`${USAGE}output_tokens`, 'gen_ai.token.modality'), [['unknown', 0]]);
  assert.deepEqual(points('gen_ai.client.inference.operation.input_tokens'), []);
  const charged = points('token_budget.tokens', 'token_budget.token.kind', 'token_budget.usage.source');
  assert.deepEqual(
    charged.map((point) => (Array.isArray(point) ? point.slice(0, 2) : point)),
    [
      ['input', 'local'],
      ['output', 'local'],
    ],
  );
});

test('a call that failed counts as 0, and is no part of a distribution', async (t) => {
  const points = await measure(
    t,
    () => ({ text: '{}', type: 'application/json', status: 500 }),
    (client) => assert.rejects(ask(client)),
  );
  assert.deepEqual(points(`${USAGE}input_tokens`), [[0]]);
  assert.deepEqual(points('gen_ai.client.inference.operation.input_tokens'), []);
  assert.deepEqual(points('gen_ai.client.inference.duration', 'error.type'), [['500', 1]]);
});

test('a stream has the time of each chunk after its first', async (t) => {
  let now = performance.now();
  t.mock.method(performance, 'now', () => {
    now += 5;
    return now;
  });
  const chunk = (content: string) => ({ choices: [{ index: 0, delta: { content } }] });
  const points = await measure(
    t,
    () => eventStream([chunk('a'), chunk('b'), chunk('c')]),
    async (client) => {
      const stream = await client.chat.completions.create({
        model: 'gpt-4o',
        messages: MESSAGES,
        stream: true,
      });
      for await (const _ of stream) {
        // Read to the end.
      }
    },
  );
  assert.deepEqual(points('gen_ai.client.inference.time_to_first_chunk'), [[1]]);
  assert.deepEqual(points('gen_ai.client.inference.time_per_output_chunk'), [[2]]);
});

test('embeddings have metrics of their own', async (t) => {
  const points = await measure(
    t,
    () => ({
      object: 'list',
      model: 'text-embedding-3-small',
      data: [],
      usage: { prompt_tokens: 9, total_tokens: 9 },
    }),
    (client) => client.embeddings.create({ model: 'text-embedding-3-small', input: 'Hm?' }),
  );
  assert.deepEqual(points('gen_ai.client.embeddings.duration'), [[1]]);
  assert.deepEqual(points('gen_ai.client.embeddings.operation.input_tokens'), [[1]]);
  assert.deepEqual(points(`${USAGE}input_tokens`), []);
  assert.deepEqual(points('gen_ai.client.inference.duration'), []);
});

test('pictures are no tokens', async (t) => {
  const points = await measure(
    t,
    () => ({ created: 1, data: [{ b64_json: 'aGk=' }] }),
    (client) => client.images.generate({ model: 'dall-e-3', prompt: 'A lighthouse.' }),
  );
  assert.deepEqual(points(`${USAGE}input_tokens`), []);
  assert.deepEqual(points('gen_ai.client.inference.duration'), [[1]]);
});
