import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { registerPath, type Workspace } from '../support/paths.ts';
import { programOf } from '../support/program-of.ts';
import { runScript } from '../support/script-run.ts';

/** What the application's own SDK received, by the time it was shut down. */
interface Received {
  readonly spans: readonly {
    readonly name: string;
    readonly id: string;
    readonly parent: string | undefined;
    readonly attributes: Readonly<Record<string, unknown>>;
    readonly events: readonly string[];
  }[];
  readonly metrics: readonly string[];
  readonly logs: readonly string[];
}

/** Starts the SDK of the application, of any release; `received()` ends it and tells what it received. */
const HOST = `
const { NodeSDK, metrics = require('@opentelemetry/sdk-metrics') } = require('@opentelemetry/sdk-node');
const received = { spans: [], metrics: new Set(), logs: [] };
const done = async () => {};
const spanProcessor = { onStart() {}, forceFlush: done, shutdown: done, onEnd: (span) => received.spans.push({
  name: span.name, id: span.spanContext().spanId, parent: span.parentSpanId ?? span.parentSpanContext?.spanId,
  attributes: span.attributes, events: span.events.map(({ name }) => name) }) };
const logProcessor = { forceFlush: done, shutdown: done,
  onEmit: ({ eventName, attributes }) => received.logs.push(eventName ?? attributes['event.name']) };
const exporter = { forceFlush: done, shutdown: done, export(data, callback) {
  for (const { metrics } of data.scopeMetrics) for (const { descriptor } of metrics) received.metrics.add(descriptor.name);
  callback({ code: 0 }); } };
const reader = new metrics.PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
const sdk = new NodeSDK({  spanProcessor, spanProcessors: [spanProcessor], metricReader: reader, metricReaders: [reader],
  logRecordProcessor: logProcessor, logRecordProcessors: [logProcessor] });
sdk.start();
globalThis.received = async () => { await reader.forceFlush(); await sdk.shutdown(); return { ...received, metrics: [...received.metrics].sort() }; };
`;

/** Two calls in a span of the application: one is answered, one is denied. */
const APPLICATION = `
const OpenAI = (await load('openai')).default;
const { trace } = await load('@opentelemetry/api');
const client = new OpenAI({ apiKey: 'x', baseURL: url + '/v1', maxRetries: 0 });
let denied;
await trace.getTracer('application').startActiveSpan('work', async (span) => {
  await client.chat.completions.create(CHAT, replay('chat-plain'));
  await client.chat.completions.create(CHAT, replay('chat-plain')).catch((error) => { denied = error.code; });
  span.end();
});
print({ denied, ...(await received()) });
`;

const SDKS: Readonly<Record<string, Workspace | undefined>> = {
  'API 1.4, SDK 1.15': 'otel-sdk-1-api-1.4',
  'API 1.8, SDK 1.30': 'otel-sdk-1.30',
  'API 1.9, SDK 2.0': 'otel-sdk-2.0',
  'API 1.9, SDK 2.12': 'otel-sdk-2.12',
  'API 1.10, SDK 3.1': undefined,
};

/** How the SDK is started and our preload loaded: the files, and the arguments before the script. */
const SETUPS = {
  'ES modules, the SDK by --import before us': ['--import', './otel.mjs', '--import', registerPath],
  'ES modules, the SDK by --import after us': ['--import', registerPath, '--import', './otel.mjs'],
  'CommonJS, the SDK by --require before us': ['--require', './otel.cjs', '--require', registerPath],
  'CommonJS, the SDK by --require after us': ['--require', registerPath, '--require', './otel.cjs'],
} as const;

for (const [name, workspace] of Object.entries(SDKS)) {
  describe(name, { concurrency: 2 }, () => {
    for (const [setup, args] of Object.entries(SETUPS)) {
      test(setup, async () => {
        const program = programOf(setup.startsWith('ES') ? 'ES modules' : 'CommonJS', APPLICATION);
        const { printed, stderr } = await runScript({
          ...(workspace === undefined ? {} : { workspace, openai: '7' }),
          openaiLate: true,
          script: program.script,
          files: {
            'otel.cjs': HOST,
            'otel.mjs': `import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);${HOST}`,
            ...program.files,
          },
          args,
          env: { TOKEN_BUDGET_CALLS: '1', OTEL_TRACES_EXPORTER: 'none' },
        });
        assert.equal(stderr, '');
        checkReceived(printed[0] as Received & { denied?: string });
      });
    }
  });
}

const VENDOR = `
const { startBudget } = require(process.env.PACKAGE);
const { NodeSDK, tracing = require('@opentelemetry/sdk-trace') } = require('@opentelemetry/sdk-node');
const budget = startBudget({ limits: { costUsd: 1 } });
const { spanProcessor } = budget;
const sampler = budget.sampler(new tracing.AlwaysOffSampler());
new NodeSDK({ spanProcessor, spanProcessors: [spanProcessor], sampler }).start();
const { trace } = require('@opentelemetry/api');
const tracer = trace.getTracer('a vendor');
const usage = { 'gen_ai.usage.input_tokens': 1000, 'gen_ai.usage.output_tokens': 100 };
const attributes = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-5.2', ...usage };
tracer.startActiveSpan('agent', { attributes: { 'gen_ai.operation.name': 'invoke_agent', ...usage } }, (agent) => {
  tracer.startSpan('chat', { attributes }).end();
  agent.end();
});
const { balances } = budget.tracker.status();
console.log(JSON.stringify(balances.settled));
`;

describe('our span processor and sampler charge the calls of another instrumentation, once', {
  concurrency: 2,
}, () => {
  for (const [name, workspace] of Object.entries(SDKS)) {
    test(name, async () => {
      const { printed, stderr } = await runScript({
        ...(workspace === undefined ? {} : { workspace }),
        openaiLate: true,
        files: { 'vendor.cjs': VENDOR },
        args: [],
        script: "await import('./vendor.cjs');",
        env: { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' },
      });
      assert.equal(stderr, '');
      assert.deepEqual(printed, [{ costNanoUsd: 3_150_000, tokens: 1_100, calls: 1 }]);
    });
  }
});

function checkReceived({ denied, spans, metrics, logs }: Received & { readonly denied?: string }): void {
  assert.equal(denied, 'token_budget_exceeded');
  const work = spans.find(({ name }) => name === 'work');
  const [call] = spans.filter(({ name }) => name === 'chat gpt-4o-mini');
  assert.ok(work !== undefined && call !== undefined, `received ${spans.map(({ name }) => name)}`);
  assert.equal(call.parent, work.id);
  assert.ok(Number(call.attributes['gen_ai.usage.input_tokens']) > 0);
  assert.ok(Number(call.attributes['token_budget.cost.nano_usd']) > 0);
  for (const name of ['gen_ai.client.inference.duration', 'token_budget.cost', 'token_budget.limit'])
    assert.ok(metrics.includes(name), `${name} is not among ${metrics}`);
  for (const name of ['token_budget.call', 'token_budget.exhausted', 'token_budget.denied'])
    assert.ok(logs.includes(name), `${name} is not among ${logs}`);
}
