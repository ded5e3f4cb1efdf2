import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runScript } from '../support/script-run.ts';

const TWO_CALLS = `
const codes = [];
for (let call = 0; call < 2; call += 1)
  await client.chat.completions.create(CHAT, replay('chat-plain')).then(() => codes.push('ok'), (error) => codes.push(error.code));
`;
const REFUSED = ['ok', 'token_budget_exceeded'];

const NODE_SDK = `
import { startBudget } from 'otel-token-budget';
import sdkNode from '@opentelemetry/sdk-node';
const budget = startBudget({ limits: { calls: 1 } });
export const spans = [];
const done = async () => {};
const collector = { onStart() {}, onEnd: (span) => spans.push(span.name), forceFlush: done, shutdown: done };
const sdk = new sdkNode.NodeSDK({
  spanProcessors: [budget.spanProcessor, collector],
  sampler: budget.sampler(new sdkNode.tracing.AlwaysOnSampler()),
});
sdk.start();
globalThis.spans = spans;
`;

describe('startBudget', { concurrency: 2 }, () => {
  test('in a file of --import with the NodeSDK of SDK 2, in ES modules', async () => {
    const { printed, stderr } = await runScript({
      workspace: 'otel-sdk-2.12',
      openai: '7',
      openaiLate: true,
      args: ['--import', './instrumentation.mjs'],
      files: { 'instrumentation.mjs': NODE_SDK },
      script: `import OpenAI from 'openai';
        const client = new OpenAI({ apiKey: 'x', baseURL: process.env.REPLAY_URL + '/v1', maxRetries: 0 });
        const CHAT_LATE = () => {};
        ${TWO_CALLS}
        print({ codes, spans });`,
      env: { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' },
    });
    assert.equal(stderr, '');
    assert.deepEqual(printed, [{ codes: REFUSED, spans: ['chat gpt-4o-mini', 'chat gpt-4o-mini'] }]);
  });

  for (const workspace of ['otel-sdk-1.30', 'otel-sdk-2.12'] as const) {
    test(`OpenAIInstrumentation in the NodeSDK, in ES modules: ${workspace}`, async () => {
      const { printed, stderr } = await runScript({
        workspace,
        openai: '7',
        openaiLate: true,
        args: ['--import', './instrumentation.mjs'],
        files: {
          'instrumentation.mjs': `
            import { defineBudget, MemoryStore, OpenAIInstrumentation, PriceBook, TokenBudgetTracker } from 'otel-token-budget';
            import sdkNode from '@opentelemetry/sdk-node';
            const budget = defineBudget({ name: 'mine', limits: { calls: 1 } });
            const tracker = new TokenBudgetTracker(budget, { store: new MemoryStore() });
            const spans = [];
            const done = async () => {};
            const spanProcessor = { onStart() {}, onEnd: (span) => spans.push(span.name), forceFlush: done, shutdown: done };
            const instrumentations = [new OpenAIInstrumentation({ tracker, prices: new PriceBook() })];
            new sdkNode.NodeSDK({ spanProcessors: [spanProcessor], instrumentations }).start();
            globalThis.spans = spans;`,
        },
        script: `import OpenAI from 'openai';
          const client = new OpenAI({ apiKey: 'x', baseURL: process.env.REPLAY_URL + '/v1', maxRetries: 0 });
          ${TWO_CALLS}
          print({ codes, spans });`,
        env: { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' },
      });
      assert.equal(stderr, '');
      assert.deepEqual(printed, [{ codes: REFUSED, spans: ['chat gpt-4o-mini', 'chat gpt-4o-mini'] }]);
    });
  }

  test('at the top of a CommonJS program, with an SDK of our own', async () => {
    const { printed, stderr, spans } = await runScript({
      workspace: 'otel-sdk-2.12',
      openai: '7',
      openaiLate: true,
      args: [],
      files: {
        'app.cjs': `const { startBudget } = require('otel-token-budget');
          startBudget({ limits: { calls: 1 } });
          const OpenAI = require('openai');
          module.exports = new OpenAI({ apiKey: 'x', baseURL: process.env.REPLAY_URL + '/v1', maxRetries: 0 });`,
      },
      script: `const { default: client } = await import('./app.cjs'); ${TWO_CALLS} print(codes);`,
    });
    assert.equal(stderr, '');
    assert.deepEqual(printed, [REFUSED]);
    assert.equal(spans.length, 2);
  });

  test('with a class that was loaded before', async () => {
    const { printed, stderr } = await runScript({
      args: [],
      script: `const { startBudget } = await import(process.env.PACKAGE);
        startBudget({ limits: { calls: 1 }, clients: [OpenAI] });
        ${TWO_CALLS} print(codes);`,
    });
    assert.equal(stderr, '');
    assert.deepEqual(printed, [REFUSED]);
  });

  test('is overridden by variables, and says what is wrong with its own settings', async () => {
    const { printed, stderr } = await runScript({
      args: [],
      openaiLate: true,
      script: `const { startBudget } = await import(process.env.PACKAGE);
        try { startBudget({ limits: { costUsd: 'much' } }); } catch (error) { print(failure(error)); }
        try { startBudget({ clients: [Date] }); } catch (error) { print(failure(error)); }
        print(startBudget({ name: 'mine', limits: { calls: 9, tokens: 5 } }).tracker.budget.limits);
        print(startBudget({ name: 'another' }).tracker.budget.name);`,
      env: { TOKEN_BUDGET_CALLS: '3', TOKEN_BUDGET_NAME: 'theirs' },
    });
    assert.deepEqual(printed.slice(0, 2), [
      {
        name: 'ConfigError',
        code: 'token_budget_config',
        message: 'limits.costUsd: got "much", expected a number of USD from 0 to 9007199, such as 5 or 0.25.',
      },
      {
        name: 'TypeError',
        message: 'client: got no method makeRequest, expected a class of the openai SDK, such as OpenAI',
      },
    ]);
    assert.deepEqual(printed.slice(2), [{ calls: 3, tokens: 5 }, 'theirs']);
    assert.equal(
      stderr,
      'otel-token-budget: startBudget: the process has the budget "theirs" already, and the settings given here have no effect\n',
    );
  });

  test('flush resolves when telemetry is at the Collector, in a process that is killed then', async () => {
    for (const flush of [
      `const { flush } = await import(process.env.PACKAGE); await flush();`,
      `const { trace } = await import('@opentelemetry/api'); await trace.getTracerProvider().getDelegate().forceFlush();`,
    ]) {
      const { spans, signal } = await runScript({
        script: `await client.chat.completions.create(CHAT, replay('chat-plain'));
          ${flush}
          process.kill(process.pid, 'SIGKILL');`,
        env: { TOKEN_BUDGET_USD: '1' },
      });
      assert.equal(signal, 'SIGKILL');
      assert.equal(spans.length, 1);
    }
  });
});
