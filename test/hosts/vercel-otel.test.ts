import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { registerPath } from '../support/paths.ts';
import { runScript } from '../support/script-run.ts';

/** The hook that Next.js calls when its server starts. */
const INSTRUMENTATION = `
import { registerOTel } from '@vercel/otel';
export function register() { registerOTel({ serviceName: 'application' }); }
`;

const APPLICATION = `
const { default: OpenAI } = await import('openai');
const { trace } = await import('@opentelemetry/api');
const client = new OpenAI({ apiKey: 'x', baseURL: url + '/v1', maxRetries: 0 });
let refused;
await trace.getTracer('application').startActiveSpan('work', async (span) => {
  await client.chat.completions.create(CHAT, replay('chat-plain'));
  await client.chat.completions.create(CHAT, replay('chat-plain')).catch((error) => { refused = error.code; });
  span.end();
});
await trace.getTracerProvider().getDelegate().forceFlush();
print({ refused });
`;

const START = ['--import', './start.mjs'];
const US = ['--import', registerPath];
const LATE = `
await import('openai');
const { register } = await import('./instrumentation.mjs');
for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
register();
`;

const SETUPS: Readonly<Record<string, { args: readonly string[]; before?: string }>> = {
  'in a file with --import before us': { args: [...START, ...US] },
  'in a file with --import after us': { args: [...US, ...START] },
  'by the register() of instrumentation, once the server has loaded openai': { args: US, before: LATE },
};

describe('@vercel/otel', { concurrency: 2 }, () => {
  for (const [setup, { args, before = '' }] of Object.entries(SETUPS)) {
    test(setup, async () => {
      const { printed, otlp, stderr } = await runScript({
        workspace: 'next',
        openai: '7',
        openaiLate: true,
        script: `${before}${APPLICATION}`,
        files: {
          'instrumentation.mjs': INSTRUMENTATION,
          'start.mjs': `import { register } from './instrumentation.mjs'; register();`,
        },
        args,
        env: { TOKEN_BUDGET_CALLS: '1' },
      });
      assert.deepEqual([printed[0], stderr], [{ refused: 'token_budget_exceeded' }, '']);
      const spans = otlp.spans();
      const work = spans.find(({ name }) => name === 'work');
      const calls = spans.filter(({ scope }) => scope === 'otel-token-budget');
      assert.deepEqual(
        calls.map(({ name, parentSpanId }) => [name, parentSpanId]),
        [
          ['chat gpt-4o-mini', work?.spanId],
          ['chat gpt-4o-mini', work?.spanId],
        ],
      );
      // The one request that was sent is a span of its own instrumentation of fetch, as without us.
      const requests = spans.filter(({ scope }) => scope === '@vercel/otel/fetch');
      assert.deepEqual(
        requests.map(({ parentSpanId }) => calls.some(({ spanId }) => spanId === parentSpanId)),
        [true],
      );
    });
  }
});
