import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileOfPage, nodeCommandsOfPage } from '../support/doc-blocks.ts';
import { registerPath } from '../support/paths.ts';
import { runScript, type ScriptRun } from '../support/script-run.ts';

/** The blocks of the page, which these tests run, so that each of them is true. */
const fileOf = (name: string): string => fileOfPage('opentelemetry.md', name);

/** The arguments of each command that starts `app.js`. */
const COMMANDS = nodeCommandsOfPage('opentelemetry.md', 'app.js');

const ENV = { OPENAI_API_KEY: 'sk-test', TOKEN_BUDGET_CALLS: '1', OTEL_METRICS_EXPORTER: 'none' };

/** Runs a script where this package is installed beside SDK 3 and express. */
function runBeside(run: Omit<ScriptRun, 'workspace'>) {
  return runScript({
    workspace: 'frameworks',
    openai: '7',
    openaiLate: true,
    args: [],
    choose: (exchanges, { url }) => {
      const wanted = url.endsWith('/responses') ? 'responses-plain' : 'chat-plain';
      return exchanges.find(({ id }) => id === wanted);
    },
    ...run,
    script: `process.env.OPENAI_BASE_URL = process.env.REPLAY_URL + '/v1';\n${run.script}`,
    env: { ...ENV, ...run.env },
  });
}

const TWO_CALLS = `
const codes = [];
for (let call = 0; call < 2; call += 1)
  await client.chat.completions.create(CHAT).then(() => codes.push('ok'), (error) => codes.push(error.code));
print(codes);
`;
const REFUSED = ['ok', 'token_budget_exceeded'];

describe('docs/opentelemetry.md', { concurrency: 2 }, () => {
  assert.ok(COMMANDS.length >= 3);
  for (const args of COMMANDS) {
    test(`node ${args.join(' ')}`, async () => {
      const { printed, stderr, otlp } = await runScript({
        workspace: 'otel-auto',
        openai: '7',
        openaiLate: true,
        args,
        files: {
          // Beside the preload, the file has the SDK alone.
          'instrumentation.mjs': args.includes('otel-token-budget/register')
            ? fileOf('instrumentation.mjs').replace(/^.*startBudget.*$/gm, '')
            : fileOf('instrumentation.mjs'),
        },
        script: `const { default: OpenAI } = await import('openai');
          const { trace } = await import('@opentelemetry/api');
          const client = new OpenAI({ baseURL: process.env.REPLAY_URL + '/v1', maxRetries: 0, defaultHeaders: replay('chat-plain').headers });
          await trace.getTracer('application').startActiveSpan('work', async (span) => { ${TWO_CALLS} span.end(); });
          await trace.getTracerProvider().getDelegate().forceFlush();`,
        env: { ...ENV, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_NODE_RESOURCE_DETECTORS: 'none' },
      });
      assert.equal(stderr, '');
      assert.deepEqual(printed, [REFUSED]);
      const work = otlp.spans().find(({ name }) => name === 'work');
      const calls = otlp.spans().filter(({ name }) => name === 'chat gpt-4o-mini');
      assert.deepEqual(
        calls.map(({ parentSpanId }) => parentSpanId),
        [work?.spanId, work?.spanId],
      );
    });
  }

  test('vendors.mjs charges the calls of another instrumentation', async () => {
    const { printed, stderr } = await runBeside({
      args: ['--import', './vendors.mjs'],
      files: { 'vendors.mjs': fileOf('vendors.mjs') },
      script: `const { trace } = await import('@opentelemetry/api');
        const attributes = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-5.2', 'gen_ai.usage.input_tokens': 1000, 'gen_ai.usage.output_tokens': 100 };
        trace.getTracer('a vendor').startSpan('chat', { attributes }).end();
        print((await budget().status()).balances.settled);`,
    });
    assert.equal(stderr, '');
    assert.deepEqual(printed, [{ costNanoUsd: 3_150_000, tokens: 1_100, calls: 1 }]);
  });

  test('app.cjs', async () => {
    const { printed, stderr } = await runBeside({
      files: { 'app.cjs': `${fileOf('app.cjs')}\nmodule.exports = client;` },
      script: `const { default: client } = await import('./app.cjs'); ${TWO_CALLS}`,
    });
    assert.equal(stderr, '');
    assert.deepEqual(printed, [REFUSED]);
  });

  test('app.mjs', async () => {
    const { printed, stderr } = await runBeside({
      files: { 'app.mjs': `${fileOf('app.mjs')}\nexport { client };` },
      script: `const { client } = await import('./app.mjs'); ${TWO_CALLS}`,
    });
    assert.equal(stderr, '');
    assert.deepEqual(printed, [REFUSED]);
  });

  test('handler.mjs has sent its spans when it returns', async () => {
    const { printed, spans, signal } = await runBeside({
      files: { 'handler.mjs': fileOf('handler.mjs') },
      script: `const { handler } = await import('./handler.mjs');
        print((await handler({ question: 'Why?' })).statusCode);
        process.kill(process.pid, 'SIGKILL');`,
      env: { NODE_OPTIONS: `--import=${registerPath}` },
    });
    assert.equal(signal, 'SIGKILL');
    assert.deepEqual(printed, [200]);
    assert.equal(spans.length, 1);
  });

  test('server.mjs has a budget for each tenant', async () => {
    const { printed, stderr } = await runBeside({
      args: ['--import', registerPath],
      files: { 'server.mjs': fileOf('server.mjs').replace('costUsd: 0.5', 'calls: 1') },
      script: `const { server } = await import('./server.mjs');
        await new Promise((resolve) => server.once('listening', resolve));
        const get = (tenant) => fetch('http://127.0.0.1:' + server.address().port, { headers: { 'x-tenant': tenant } });
        const statuses = [];
        for (const tenant of ['a', 'a', 'b', 'c']) statuses.push((await get(tenant)).status);
        print(statuses);
        server.close();
        server.closeAllConnections();`,
      env: { PORT: '0', TOKEN_BUDGET_CALLS: '2' },
    });
    assert.equal(stderr, '');
    // The third tenant has a call left, and the process has none.
    assert.deepEqual(printed, [[200, 402, 200, 402]]);
  });
});
