import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileOfPage, nodeArgsOfPage } from '../support/doc-blocks.ts';
import { registerPath, type Workspace } from '../support/paths.ts';
import { type ProgramKind, programOf } from '../support/program-of.ts';
import { runScript, type ScriptResult } from '../support/script-run.ts';
import { type SentrySpan, startSentryServer } from './sentry-server.ts';

/** As docs/opentelemetry.md says. */
const SETUP = fileOfPage('opentelemetry.md', 'sentry.mjs');
const ARGS = nodeArgsOfPage('opentelemetry.md', 'sentry.mjs');

const APPLICATION = `
const OpenAI = (await load('openai')).default;
const Sentry = await load('@sentry/node');
const client = new OpenAI({ apiKey: 'x', baseURL: url + '/v1', maxRetries: 0 });
let refused;
await Sentry.startSpan({ name: 'work' }, async () => {
  await client.chat.completions.create(CHAT, replay('chat-plain'));
  await client.chat.completions.create(CHAT, replay('chat-plain')).catch((error) => { refused = error.code; });
});
await Sentry.flush(5_000);
print({ refused });
`;

interface SentryRun {
  readonly workspace: Workspace;
  readonly args: readonly string[];
  readonly kind?: ProgramKind;
  readonly setup?: string;
}

async function runBesideSentry({ workspace, args, kind = 'ES modules', setup = SETUP }: SentryRun) {
  const program = programOf(kind, APPLICATION);
  const sentry = await startSentryServer();
  try {
    const result: ScriptResult = await runScript({
      workspace,
      openai: '7',
      openaiLate: true,
      script: program.script,
      files: {
        'sentry.mjs': setup,
        'sentry.cjs': setup.replace(/import \* as (\w+) from ('[^']+')/, 'const $1 = require($2)'),
        ...program.files,
      },
      args,
      env: { TOKEN_BUDGET_CALLS: '1', SENTRY_DSN: sentry.dsn },
    });
    const refused = (result.printed[0] as { refused?: string } | undefined)?.refused;
    return { result, refused, spans: sentry.spans };
  } finally {
    await sentry.close();
  }
}

const named = (spans: readonly SentrySpan[], name: string): SentrySpan[] =>
  spans.filter((span) => span.name === name);

/** Names of spans that Sentry has of its own accord, with what created them. */
const ownOf = (spans: readonly SentrySpan[]): string[] =>
  spans
    .filter(({ name }) => !name.startsWith('chat '))
    .map(({ name, origin }) => `${name.replace(/:\/\/[^/]+|127\.0\.0\.1(:\d+)?/, '')} ${origin}`)
    .sort();

const ORDERS = {
  'as documented, before us': { kind: 'ES modules', args: ARGS },
  'after us, ES modules': {
    kind: 'ES modules',
    args: ['--import', registerPath, '--import', './sentry.mjs'],
  },
  'before us, CommonJS': {
    kind: 'CommonJS',
    args: ['--import', './sentry.cjs', '--require', registerPath],
  },
  'after us, CommonJS': {
    kind: 'CommonJS',
    args: ['--require', registerPath, '--import', './sentry.cjs'],
  },
} as const;

for (const workspace of ['sentry-8', 'sentry-10', 'sentry-11'] as const) {
  describe(`${workspace}, with its OpenTelemetry provider`, { concurrency: 2 }, () => {
    for (const [order, run] of Object.entries(ORDERS)) {
      test(order, async () => {
        const { result, refused, spans } = await runBesideSentry({ workspace, ...run });
        assert.deepEqual([refused, result.stderr], ['token_budget_exceeded', '']);
        const [work] = named(spans, 'work');
        const calls = named(spans, 'chat gpt-4o-mini');
        assert.ok(work !== undefined, `received ${spans.map(({ name }) => name)}`);
        assert.deepEqual(
          calls.map(({ parent }) => parent),
          [work.id, work.id],
        );
        assert.ok(calls.some(({ attributes }) => Number(attributes['token_budget.cost.nano_usd']) > 0));
        // The one request that was sent is Sentry's, a child of the call.
        const requests = spans.filter(({ name }) => name.startsWith('POST '));
        assert.equal(requests.length, 1);
        assert.ok(calls.some(({ id }) => id === requests[0]?.parent));
        assert.deepEqual(result.spans, []);
      });
    }

    test('has the spans of its own that it has without us', async () => {
      const without = await runBesideSentry({ workspace, args: ['--import', './sentry.mjs'] });
      const beside = await runBesideSentry({ workspace, args: ARGS });
      assert.equal(without.refused, undefined);
      const [request = ''] = ownOf(without.spans).filter((name) => name.startsWith('POST '));
      assert.deepEqual(ownOf(without.spans), [request, ...ownOf(beside.spans)]);
    });
  });
}

test('Sentry 11 as it is by default has its own spans, and ours are sent over OTLP', async () => {
  const setup = `import * as Sentry from '@sentry/node'; Sentry.init({ dsn: process.env.SENTRY_DSN, tracesSampleRate: 1 });`;
  for (const args of [ARGS, ORDERS['after us, ES modules'].args]) {
    const { result, refused, spans } = await runBesideSentry({ workspace: 'sentry-11', args, setup });
    assert.deepEqual([refused, result.stderr], ['token_budget_exceeded', '']);
    assert.equal(named(spans, 'work').length, 1);
    const calls = named(spans, 'chat gpt-4o-mini');
    assert.deepEqual(
      calls.map(({ origin }) => origin),
      ['auto.ai.openai', 'auto.ai.openai'],
    );
    assert.deepEqual(
      result.spans.map(({ name }) => name),
      ['chat gpt-4o-mini', 'chat gpt-4o-mini'],
    );
  }
});
