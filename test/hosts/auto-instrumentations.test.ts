import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { registerPath } from '../support/paths.ts';
import { programOf } from '../support/program-of.ts';
import { runScript } from '../support/script-run.ts';

const AUTO = '@opentelemetry/auto-instrumentations-node/register';
/** OpenTelemetry's own hook of ES modules, with its own copy of import-in-the-middle. */
const HOOK = `import { register } from 'node:module'; register('@opentelemetry/instrumentation/hook.mjs', import.meta.url);`;

const APPLICATION = `
const OpenAI = (await load('openai')).default;
const { trace } = await load('@opentelemetry/api');
const client = new OpenAI({ apiKey: 'x', baseURL: url + '/v1', maxRetries: 0 });
await trace.getTracer('application').startActiveSpan('work', async (span) => {
  await client.chat.completions.create(CHAT, replay('chat-plain'));
  await client.chat.completions.create(CHAT, replay('chat-plain')).catch((error) => print(failure(error)));
  span.end();
});

`;

const SETUPS: Readonly<Record<string, readonly string[]>> = {
  'by --require before us': ['--require', AUTO, '--require', registerPath],
  'by --require after us': ['--require', registerPath, '--require', AUTO],
  'by --import before us': ['--import', AUTO, '--import', registerPath],
  'with its hook of ES modules before us': [
    ...['--import', './hook.mjs', '--require', AUTO],
    ...['--import', registerPath],
  ],
  'with its hook of ES modules after us': [
    ...['--import', registerPath],
    ...['--import', './hook.mjs', '--require', AUTO],
  ],
  'with its loader': [
    ...['--experimental-loader', '@opentelemetry/instrumentation/hook.mjs', '--no-warnings'],
    ...['--require', AUTO, '--import', registerPath],
  ],
};

describe('auto-instrumentations of SDK 2, with API 1.9', { concurrency: 2 }, () => {
  for (const [setup, args] of Object.entries(SETUPS)) {
    for (const kind of ['CommonJS', 'ES modules'] as const) {
      test(`${setup}, ${kind}`, async () => {
        const program = programOf(kind, APPLICATION);
        const { printed, otlp } = await runScript({
          workspace: 'otel-auto',
          openai: '7',
          openaiLate: true,
          script: program.script,
          files: {
            'hook.mjs': HOOK,
            ...program.files,
          },
          args,
          env: {
            TOKEN_BUDGET_CALLS: '1',
            OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
            OTEL_TRACES_EXPORTER: 'otlp',
            OTEL_METRICS_EXPORTER: 'otlp',
            OTEL_LOGS_EXPORTER: 'otlp',
            OTEL_NODE_RESOURCE_DETECTORS: 'none',
            OTEL_METRIC_EXPORT_INTERVAL: '500',
            OTEL_METRIC_EXPORT_TIMEOUT: '500',
          },
        });
        assert.equal((printed[0] as { code?: string })?.code, 'token_budget_exceeded');
        const spans = otlp.spans();
        const work = spans.find(({ name }) => name === 'work');
        const call = spans.find(({ name }) => name === 'chat gpt-4o-mini');
        assert.ok(work !== undefined && call !== undefined, `received ${spans.map(({ name }) => name)}`);
        assert.equal(call.parentSpanId, work.spanId);
        assert.ok(Number(call.attributes['token_budget.cost.nano_usd']) > 0);
        const metrics = otlp.metrics().map(({ name }) => name);
        for (const name of ['gen_ai.client.inference.duration', 'token_budget.cost'])
          assert.ok(metrics.includes(name), `${name} is not among ${metrics}`);
        const events = otlp.logs().map(({ eventName }) => eventName);
        for (const name of ['token_budget.call', 'token_budget.exhausted'])
          assert.ok(events.includes(name), `${name} is not among ${events}`);
      });
    }
  }
});
