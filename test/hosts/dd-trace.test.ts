import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileOfPage, nodeArgsOfPage } from '../support/doc-blocks.ts';
import { registerPath } from '../support/paths.ts';
import { type ProgramKind, programOf } from '../support/program-of.ts';
import { runScript } from '../support/script-run.ts';
import { type DatadogSpan, startDatadogAgent } from './datadog-agent.ts';

/** As docs/opentelemetry.md says. */
const SETUP = fileOfPage('opentelemetry.md', 'datadog.mjs');
const SETUP_ARGS = nodeArgsOfPage('opentelemetry.md', 'datadog.mjs');

const APPLICATION = `
const OpenAI = (await load('openai')).default;
const tracer = await load('dd-trace');
const client = new OpenAI({ apiKey: 'x', baseURL: url + '/v1', maxRetries: 0 });
let refused;
await (tracer.default ?? tracer).trace('work', async () => {
  await client.chat.completions.create(CHAT, replay('chat-plain'));
  await client.chat.completions.create(CHAT, replay('chat-plain')).catch((error) => { refused = error.code; });
});
print({ refused });
`;

/** Runs the application beside the tracer, with the settings of Datadog in `env`. */
async function runBesideDatadog(
  kind: ProgramKind,
  args: readonly string[],
  env: Record<string, string> = {},
) {
  const program = programOf(kind, APPLICATION);
  const agent = await startDatadogAgent();
  try {
    const { printed, spans, stderr } = await runScript({
      workspace: 'dd-trace',
      openai: '7',
      openaiLate: true,
      script: program.script,
      files: {
        'datadog.mjs': SETUP,
        ...program.files,
      },
      args,
      env: {
        TOKEN_BUDGET_CALLS: '1',
        DD_TRACE_AGENT_URL: agent.url,
        DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
        DD_REMOTE_CONFIGURATION_ENABLED: 'false',
        DD_TRACE_STARTUP_LOGS: 'false',
        // With them, the tracer sends over OTLP itself.
        OTEL_TRACES_EXPORTER: '',
        OTEL_METRICS_EXPORTER: '',
        OTEL_LOGS_EXPORTER: '',
        ...env,
      },
    });
    const { refused } = (printed[0] ?? {}) as { refused?: string };
    return { refused, ours: spans, theirs: agent.spans, stderr };
  } finally {
    await agent.close();
  }
}

const named = (spans: readonly DatadogSpan[], name: string): DatadogSpan[] =>
  spans.filter((span) => span.name === name);

const INITIALIZE = ['--import', 'dd-trace/initialize.mjs'];
const INIT = ['--require', 'dd-trace/init'];
const US = ['--import', registerPath];

/** Orders of loading. The tracer sees openai in ES modules only with its hook of them. */
const ORDERS: Readonly<
  Record<string, { kind: ProgramKind; args: readonly string[]; tracesOpenai: boolean }>
> = {
  'initialize.mjs before us, ES modules': {
    kind: 'ES modules',
    args: [...INITIALIZE, ...US],
    tracesOpenai: true,
  },
  'initialize.mjs after us, ES modules': {
    kind: 'ES modules',
    args: [...US, ...INITIALIZE],
    tracesOpenai: true,
  },
  'initialize.mjs before us, CommonJS': {
    kind: 'CommonJS',
    args: [...INITIALIZE, ...US],
    tracesOpenai: true,
  },
  'init before us, ES modules': {
    kind: 'ES modules',
    args: [...INIT, '--require', registerPath],
    tracesOpenai: false,
  },
  'init before us, CommonJS': {
    kind: 'CommonJS',
    args: [...INIT, '--require', registerPath],
    tracesOpenai: true,
  },
  'init after us, CommonJS': {
    kind: 'CommonJS',
    args: ['--require', registerPath, ...INIT],
    tracesOpenai: true,
  },
};

describe('dd-trace', { concurrency: 2 }, () => {
  for (const [order, { kind, args, tracesOpenai }] of Object.entries(ORDERS)) {
    for (const otel of ['false', 'true']) {
      test(`${order}, DD_TRACE_OTEL_ENABLED=${otel}`, async () => {
        const { refused, ours, theirs, stderr } = await runBesideDatadog(kind, args, {
          DD_TRACE_OTEL_ENABLED: otel,
        });
        assert.deepEqual([refused, stderr], ['token_budget_exceeded', '']);
        const [work] = named(theirs, 'work');
        const calls = named(theirs, 'openai.request');
        assert.deepEqual(
          calls.map(({ parent_id, error }) => [parent_id, error]).sort((a, b) => Number(a[1]) - Number(b[1])),
          tracesOpenai
            ? [
                [work?.span_id, 0],
                [work?.span_id, 1],
              ]
            : [],
        );
        assert.equal(named(theirs, 'http.request').length, 1);
        assert.deepEqual(
          ours.map(({ name }) => name),
          ['chat gpt-4o-mini', 'chat gpt-4o-mini'],
        );
      });
    }
  }

  test('has the spans of its own that it has without us', async () => {
    const without = await runBesideDatadog('ES modules', INITIALIZE);
    const beside = await runBesideDatadog('ES modules', [...INITIALIZE, ...US]);
    const names = (spans: readonly DatadogSpan[]) => spans.map(({ name }) => name).sort();
    // Of the two calls, the second is refused.
    const unsent = new Set(['http.request', 'tcp.connect']);
    assert.deepEqual(
      names(beside.theirs).filter((name) => !unsent.has(name)),
      names(without.theirs).filter((name) => !unsent.has(name)),
    );
    assert.equal(without.refused, undefined);
  });

  for (const args of [SETUP_ARGS, [...US, ...INITIALIZE, '--import', './datadog.mjs']]) {
    for (const otel of ['false', 'true']) {
      test(`has our spans too, if its provider is registered: ${args.indexOf('./datadog.mjs')}, ${otel}`, async () => {
        const { refused, ours, theirs, stderr } = await runBesideDatadog('ES modules', args, {
          DD_TRACE_OTEL_ENABLED: otel,
        });
        assert.deepEqual([refused, stderr, ours], ['token_budget_exceeded', '', []]);
        const requests = named(theirs, 'openai.request').map(({ span_id }) => span_id);
        const calls = named(theirs, 'chat gpt-4o-mini');
        assert.deepEqual(calls.map(({ parent_id }) => parent_id).sort(), requests.sort());
        assert.ok(calls.some(({ metrics }) => Number(metrics['token_budget.cost.nano_usd']) > 0));
      });
    }
  }

  test('has ours in place of its own, with DD_TRACE_OPENAI_ENABLED=false', async () => {
    const { theirs } = await runBesideDatadog('ES modules', SETUP_ARGS, { DD_TRACE_OPENAI_ENABLED: 'false' });
    const [work] = named(theirs, 'work');
    assert.deepEqual(named(theirs, 'openai.request'), []);
    assert.deepEqual(
      named(theirs, 'chat gpt-4o-mini').map(({ parent_id }) => parent_id),
      [work?.span_id, work?.span_id],
    );
  });
});
