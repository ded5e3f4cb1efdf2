import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { type Entry, entriesOf, SOURCE } from '../../scripts/telemetry-docs.ts';
import { type FlatLog, type FlatPoint, type FlatSpan, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { runNode } from '../support/run-node.ts';
import { runScript } from '../support/script-run.ts';

const entries = entriesOf(readFileSync(SOURCE, 'utf8'));
const IDENTITY = [
  'gen_ai.operation.name',
  'gen_ai.provider.name',
  'gen_ai.request.model',
  'gen_ai.response.model',
  'server.address',
  'server.port',
];
const TYPES: Readonly<Record<string, string>> = { counter: 'sum', gauge: 'gauge', histogram: 'histogram' };

function entry(group: string, name: string): Entry {
  const found = entries.find((one) => one.group === group && one.name === name);
  assert.ok(found, `${name} is not among the ${group} of src/telemetry/names/semconv.ts`);
  return found;
}

/** The attributes that an entry names. */
function attributesOf({ tags }: Entry): string[] {
  const text = tags['attributes'] ?? '';
  const named = [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '');
  const usage = entries.filter(({ group }) => group === 'usage').map(({ name }) => name);
  return [
    ...named,
    ...(text.includes('identity') ? IDENTITY : []),
    ...(text.includes('usage and cost') ? usage : []),
  ];
}

describe('what the demo emits is what the source says', () => {
  let spans: FlatSpan[];
  let points: FlatPoint[];
  let logs: FlatLog[];

  before(async () => {
    const otlp = await startOtlpReceiver();
    const { code, stderr } = await runNode({ args: ['examples/demo.ts'], env: otlp.env });
    assert.equal(code, 0, stderr);
    spans = otlp.spans().filter(({ scope }) => scope === 'otel-token-budget');
    points = otlp.metrics().filter(({ scope }) => scope === 'otel-token-budget');
    logs = otlp.logs().filter(({ scope }) => scope === 'otel-token-budget');
    await otlp.close();
  });

  it('of spans', () => {
    assert.equal(spans.length, 13);
    const known = new Set(
      entries.filter(({ constant }) => constant.startsWith('ATTR_')).map(({ name }) => name),
    );
    for (const { attributes } of spans)
      for (const name of Object.keys(attributes)) assert.ok(known.has(name), name);
  });

  it('of metrics: kind, unit, attributes', () => {
    for (const { name, type, unit, attributes } of points) {
      const said = entry('metrics', name);
      assert.equal(type, TYPES[said.tags['kind'] ?? ''], name);
      assert.equal(unit, (said.tags['unit'] ?? '').replace('of the limit', ''), name);
      const allowed = attributesOf(said);
      for (const attribute of Object.keys(attributes))
        assert.ok(allowed.includes(attribute), `${attribute} on ${name}`);
    }
    // All of them, but for those of a cache, of embeddings and runs, of a window, of failures, and of jobs.
    const emitted = new Set(points.map(({ name }) => name));
    const silent = entries.filter(
      ({ group, name }) => group === 'metrics' && !emitted.has(name) && !name.startsWith('token_budget.job.'),
    );
    assert.deepEqual(
      silent.map(({ name }) => name),
      [
        'gen_ai.client.inference.usage.cache_read.input_tokens',
        'gen_ai.client.inference.usage.cache_write.input_tokens',
        'gen_ai.client.inference.usage.reasoning.output_tokens',
        'gen_ai.client.embeddings.duration',
        'gen_ai.client.embeddings.operation.input_tokens',
        'gen_ai.client.operation.duration',
        'token_budget.exceeded_reservations',
        'token_budget.window.duration',
        'token_budget.window.left',
        'token_budget.store.failures',
        'token_budget.store.losses',
      ],
    );
  });

  it('of events: severity, attributes; as log records and as events of spans', () => {
    const names = new Set(logs.map(({ eventName }) => eventName));
    assert.deepEqual([...names].sort(), [
      'token_budget.call',
      'token_budget.clamped',
      'token_budget.denied',
      'token_budget.exhausted',
      'token_budget.threshold',
    ]);
    const ofSpans = spans.flatMap(({ events, spanId }) => events.map((event) => ({ ...event, spanId })));
    for (const { eventName = '', severityText, attributes, spanId } of logs) {
      const said = entry('events', eventName);
      assert.equal(severityText, said.tags['severity']);
      const allowed = [...attributesOf(said), 'token_budget.name'];
      for (const name of Object.keys(attributes))
        assert.ok(allowed.includes(name), `${name} on ${eventName}`);
      // A call is told of by its span itself.
      if (eventName === 'token_budget.call') continue;
      const twin = ofSpans.find((event) => event.name === eventName && event.spanId === spanId);
      assert.deepEqual(twin?.attributes, attributes, eventName);
    }
    const calls = logs.filter(({ eventName }) => eventName === 'token_budget.call');
    assert.equal(calls.length, 12);
    assert.equal(ofSpans.length, logs.length - calls.length);
  });
});

it('every budget in use is reported: of jobs, their parents, in windows', async () => {
  const { otlp, stderr } = await runScript({
    script: `
      const { withBudget, defineBudget, MemoryStore, TokenBudgetTracker } = await import(process.env.PACKAGE);
      const team = defineBudget({ name: 'team', limits: { costUsd: 1 }, window: { per: 'day', timeZone: 'UTC' } });
      const store = new MemoryStore();
      const job = (name) => new TokenBudgetTracker(defineBudget({ name, limits: { calls: 1 }, parent: team }), { store });
      const jobs = [job('one'), job('two')];
      const call = () => client.chat.completions.create(CHAT, replay('chat-plain')).catch(() => undefined);
      await Promise.all(jobs.map((tracker) => withBudget(tracker, async () => { await call(); await call(); })));`,
    env: { TOKEN_BUDGET_USD: '5' },
  });
  assert.equal(stderr, '');
  const value = (name: string, budget: string, limit?: string): number | undefined =>
    otlp
      .metrics()
      .findLast(
        (point) =>
          point.name === name &&
          point.attributes['token_budget.name'] === budget &&
          point.attributes['token_budget.limit'] === limit,
      )?.value;
  for (const name of ['one', 'two']) {
    assert.equal(value('token_budget.settled', name, 'calls'), 1);
    assert.equal(value('token_budget.left', name, 'calls'), 0);
    assert.equal(value('token_budget.exhausted', name), 1);
    assert.equal(value('token_budget.window.duration', name), undefined);
  }
  assert.equal(value('token_budget.limit', 'default', 'costUsd'), 5);
  assert.equal(value('token_budget.limit', 'team', 'costUsd'), 1);
  assert.ok((value('token_budget.settled', 'team', 'costUsd') ?? 0) > 0);
  assert.equal(value('token_budget.exhausted', 'team'), 0);
  assert.equal(value('token_budget.window.duration', 'team'), 86_400);
  assert.ok((value('token_budget.window.left', 'team') ?? 0) <= 86_400);
  const denied = otlp.logs().filter(({ eventName }) => eventName === 'token_budget.denied');
  assert.deepEqual(denied.map(({ attributes }) => attributes['token_budget.name']).sort(), ['one', 'two']);
});

it('a store that was away before telemetry began is told of', async () => {
  const { otlp } = await runScript({
    // The budget looks for its store at once, and the SDK starts with the import of openai.
    openaiLate: true,
    script: `
      await budget().status().catch(() => {});
      await import('openai');
      const { trace } = await import('@opentelemetry/api');
      // Until the SDK has started.
      while (!trace.getTracer('test').startSpan('test').isRecording()) await new Promise((done) => setTimeout(done, 5));`,
    config: { store: 'redis://127.0.0.1:1', storeWaitMs: 100, limits: { tokens: 1_000 } },
  });
  const names = otlp.logs().map(({ eventName }) => eventName);
  assert.deepEqual(names, ['token_budget.store_unavailable']);
  const available = otlp.metrics().filter(({ name }) => name === 'token_budget.store.available');
  assert.equal(available.at(-1)?.value, 0);
});
