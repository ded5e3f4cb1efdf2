import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { registerPath } from '../support/paths.ts';
import { runScript } from '../support/script-run.ts';

const HOST_SDK = `
const { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } = await import('@opentelemetry/sdk-trace');
const { trace, context } = await import('@opentelemetry/api');
const { AsyncLocalStorageContextManager } = await import('@opentelemetry/context-async-hooks');
const exporter = new InMemorySpanExporter();
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
globalThis.registered = trace.setGlobalTracerProvider(provider);
globalThis.hostSpans = () => exporter.getFinishedSpans();
`;

describe('an application with telemetry of its own', { concurrency: 2 }, () => {
  test('keeps its provider, gets our spans in it, and nothing is sent twice', async () => {
    const { printed, spans, stderr } = await runScript({
      // The provider is registered before openai is loaded, as every instrumentation needs it.
      script: `await import('./host-sdk.mjs');
        const { default: Late } = await import('openai');
        const late = new Late({ apiKey: 'x', baseURL: url + '/v1', maxRetries: 0 });
        const { trace } = await import('@opentelemetry/api');
        await trace.getTracer('host').startActiveSpan('work', async (span) => {
          await late.chat.completions.create(CHAT, replay('chat-plain'));
          span.end();
        });
        const seen = hostSpans();
        print({ registered, names: seen.map(({ name }) => name), child: seen[0].parentSpanContext.spanId === seen[1].spanContext().spanId });
        print(await budget().status());`,
      files: { 'host-sdk.mjs': HOST_SDK },
      openaiLate: true,
      env: { TOKEN_BUDGET_USD: '5' },
    });
    assert.deepEqual(printed[0], { registered: true, names: ['chat gpt-4o-mini', 'work'], child: true });
    assert.equal((printed[1] as { balances: { settled: { calls: number } } }).balances.settled.calls, 1);
    assert.deepEqual(spans, []);
    assert.equal(stderr, '');
  });

  test('may feed our span processor, and then the calls of other instrumentations count too', async () => {
    const { printed } = await runScript({
      script: `
        const { TracerProvider } = await import('@opentelemetry/sdk-trace');
        const { BudgetSpanProcessor, PriceBook, TokenBudgetTracker, MemoryStore, defineBudget } = await import(process.env.PACKAGE);
        const tracker = new TokenBudgetTracker(defineBudget({ name: 'mine', limits: { costUsd: 1 } }), { store: new MemoryStore() });
        const provider = new TracerProvider({ spanProcessors: [new BudgetSpanProcessor({ tracker, prices: new PriceBook() })] });
        const tracer = provider.getTracer('another-instrumentation');
        const end = (attributes) => tracer.startSpan('x', { attributes }).end();
        end({ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-5.2', 'gen_ai.usage.input_tokens': 1000, 'gen_ai.usage.output_tokens': 100 });
        end({ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-5.2', 'gen_ai.usage.prompt_tokens': 1000, 'gen_ai.usage.completion_tokens': 100 });
        end({ 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.usage.input_tokens': 2000, 'gen_ai.usage.output_tokens': 200 });
        end({ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-5.2', 'gen_ai.usage.input_tokens': -5, 'gen_ai.usage.output_tokens': Number.NaN });
        print((await tracker.status()).balances.settled);`,
      env: { TOKEN_BUDGET_USD: '5' },
    });
    // 1,000 × $1.75 and 100 × $14.00 a million: $0.00315 a call, two calls.
    assert.deepEqual(printed[0], { costNanoUsd: 6_300_000, tokens: 2_200, calls: 2 });
  });

  test('with our preload twice is preloaded once', async () => {
    const { spans, printed, stderr } = await runScript({
      script: `await client.chat.completions.create(CHAT, replay('chat-plain')); print(await budget().status());`,
      args: ['--require', registerPath, '--import', registerPath],
      env: { TOKEN_BUDGET_USD: '5' },
    });
    assert.equal(spans.length, 1);
    assert.equal((printed[0] as { balances: { settled: { calls: number } } }).balances.settled.calls, 1);
    assert.equal(stderr, '');
  });

  test('with an API that cannot be joined is told so', async () => {
    const { stderr, spans } = await runScript({
      files: {
        'early.mjs': `globalThis[Symbol.for('opentelemetry.js.api.1')] = { version: '1.2.0', trace: { getTracer: () => {} } };`,
      },
      args: ['--import', './early.mjs', '--import', registerPath],
      script: `await client.chat.completions.create(CHAT, replay('chat-plain')); print(await budget().status());`,
      env: { TOKEN_BUDGET_USD: '5' },
    });
    assert.match(stderr, /has registered telemetry with @opentelemetry\/api 1\.2\.0, which cannot be joined/);
    assert.deepEqual(spans, []);
  });

  test('that never loads openai sends nothing and loads no SDK', async () => {
    const { printed, otlp } = await runScript({
      // Modules that the preload loads with require are told by the file system's cache of their realm.
      script: `const { default: module } = await import('node:module');
        const loaded = Object.keys(module.createRequire(import.meta.url).cache);
        print(loaded.some((name) => /sdk-node|genai-prices|js-tiktoken/.test(name)));`,
      openaiLate: true,
      env: { TOKEN_BUDGET_USD: '5' },
    });
    assert.equal(printed[0], false);
    assert.equal(otlp.posts.length, 0);
  });
});

describe('the client is found wherever it is imported from', { concurrency: 2 }, () => {
  for (const [openai, entry] of [
    ['5', 'openai/client'],
    ['6', 'openai/client'],
    ['7', 'openai/client'],
    ['7', 'openai/azure'],
  ] as const) {
    test(`openai ${openai}: ${entry}`, async () => {
      const { spans } = await runScript({
        openai,
        openaiLate: true,
        script: `const { OpenAI, AzureOpenAI } = await import('${entry}');
          const client = OpenAI ? new OpenAI({ apiKey: 'x', baseURL: url + '/v1' }) : new AzureOpenAI({ apiKey: 'x', endpoint: url, apiVersion: '2024-10-21' });
          await client.chat.completions.create(CHAT, replay('chat-plain'));`,
        env: { TOKEN_BUDGET_USD: '5' },
      });
      assert.equal(spans.length, 1);
    });
  }
});
