import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NODE, OLDEST_NODES, registerPath, type Workspace } from '../support/paths.ts';
import { runScript, type ScriptResult } from '../support/script-run.ts';

/** Starts the SDK of the application, once it has waited for its settings; two calls in a span of its own. */
const APPLICATION = `
const settings = async () => { for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate); };
const run = async (openai, otel, api, first) => {
  const OpenAI = openai.default ?? openai;
  const client = new OpenAI({ apiKey: 'x', baseURL: url + '/v1', maxRetries: 0 });
  const call = () => client.chat.completions.create(CHAT, replay('chat-plain'));
  await settings();
  if (first) await call();
  const ended = [];
  const done = async () => {};
  const processor = { onStart() {}, forceFlush: done, shutdown: done, onEnd: (span) => ended.push({
    name: span.name, id: span.spanContext().spanId, parent: span.parentSpanId ?? span.parentSpanContext?.spanId }) };
  const { NodeSDK } = await otel();
  const sdk = new NodeSDK({ spanProcessor: processor, spanProcessors: [processor], instrumentations: [] });
  sdk.start();
  let denied;
  await api.trace.getTracer('application').startActiveSpan('work', async (span) => {
    if (!first) await call();
    await call().catch((error) => { denied = error.code; });
    span.end();
  });
  await sdk.shutdown();
  print({ denied, ended });
};
`;

const ESM = `import * as openai from 'openai'; import * as api from '@opentelemetry/api';`;
const CJS = `const openai = require('openai'); const api = require('@opentelemetry/api');`;

interface Case {
  readonly kind: 'ES modules' | 'CommonJS';
  /** Loads the SDK beside openai, or only when it is started. */
  readonly loaded: 'with openai' | 'late';
  /** Makes a call before the SDK is started. */
  readonly callFirst?: boolean;
  readonly workspace?: Workspace;
  readonly node?: string;
}

function runApplication({
  kind,
  loaded,
  callFirst = false,
  workspace,
  node = NODE,
}: Case): Promise<ScriptResult> {
  const isEsm = kind === 'ES modules';
  const otel = {
    'with openai': isEsm
      ? `import * as otel from '@opentelemetry/sdk-node'; const load = () => otel;`
      : `const otel = require('@opentelemetry/sdk-node'); const load = () => otel;`,
    late: isEsm
      ? `const load = () => import('@opentelemetry/sdk-node');`
      : `const load = () => require('@opentelemetry/sdk-node');`,
  }[loaded];
  const start = `run(openai, load, api, ${callFirst});`;
  return runScript({
    ...(workspace === undefined ? {} : { workspace, openai: '7' }),
    openaiLate: true,
    script: isEsm
      ? `${ESM}${otel}${APPLICATION} await ${start}`
      : "Object.assign(globalThis, { url, replay, CHAT, print }); await import('./application.cjs');",
    files: { 'application.cjs': `${CJS}${otel}${APPLICATION}${start}` },
    args: ['--import', registerPath],
    node,
    env: { TOKEN_BUDGET_CALLS: '1' },
  });
}

interface Printed {
  readonly denied?: string;
  readonly ended: readonly { readonly name: string; readonly id: string; readonly parent?: string }[];
}

/** Our lines on stderr, without the warnings of Node 22.12. */
const linesOf = ({ stderr }: ScriptResult): string[] =>
  stderr.split('\n').filter((line) => line.startsWith('otel-token-budget:'));

const SDKS: Readonly<Record<string, Workspace | undefined>> = {
  'API 1.8, SDK 1.30': 'otel-sdk-1.30',
  'API 1.9, SDK 2.12': 'otel-sdk-2.12',
  'API 1.10, SDK 3.1': undefined,
};

describe('an application that starts its SDK after it has loaded openai', { concurrency: 2 }, () => {
  for (const [name, workspace] of Object.entries(SDKS)) {
    for (const kind of ['ES modules', 'CommonJS'] as const) {
      for (const [program, node] of Object.entries({
        Node: NODE,
        'Node 22.12': OLDEST_NODES['Node 22.12'],
      })) {
        test(`has the spans of our calls: ${name}, ${kind}, ${program}`, async () => {
          const result = await runApplication({
            kind,
            loaded: 'with openai',
            node,
            ...(workspace === undefined ? {} : { workspace }),
          });
          assert.deepEqual(linesOf(result), []);
          const { denied, ended } = result.printed[0] as Printed;
          assert.equal(denied, 'token_budget_exceeded');
          const work = ended.find((span) => span.name === 'work');
          const calls = ended.filter((span) => span.name === 'chat gpt-4o-mini');
          assert.deepEqual(
            calls.map(({ parent }) => parent),
            [work?.id, work?.id],
          );
          assert.deepEqual(result.spans, []);
        });
      }
    }
  }

  for (const kind of ['ES modules', 'CommonJS'] as const) {
    test(`is told that its SDK is ignored, if it loads it later: ${kind}`, async () => {
      const result = await runApplication({ kind, loaded: 'late', workspace: 'otel-sdk-2.12' });
      const lines = linesOf(result);
      assert.equal(lines.length, 1, result.stderr);
      assert.match(lines[0] ?? '', /^otel-token-budget: @opentelemetry\/sdk-node was loaded after openai; /);
      assert.match(lines[0] ?? '', /--import; see docs\/opentelemetry\.md$/);
      assert.equal((result.printed[0] as Printed).denied, 'token_budget_exceeded');
      assert.equal(result.spans.length, 2);
    });

    test(`is told that its SDK is ignored, if a call is made before: ${kind}`, async () => {
      const result = await runApplication({
        kind,
        loaded: 'with openai',
        callFirst: true,
        workspace: 'otel-sdk-2.12',
      });
      const lines = linesOf(result);
      assert.equal(lines.length, 1, result.stderr);
      assert.match(lines[0] ?? '', /sdk-node had registered no tracer provider by the first call; /);
      assert.equal((result.printed[0] as Printed).denied, 'token_budget_exceeded');
      assert.equal(result.spans.length, 2);
    });
  }
});
