import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ownExchanges } from '../exchanges/index.ts';
import { makeAppDir } from '../support/app-dir.ts';
import { type FlatSpan, startOtlpReceiver } from '../support/otlp-receiver.ts';
import type { OpenaiVersion } from '../support/paths.ts';
import { startReplayServer } from '../support/replay-server.ts';
import { registerPath, runNode } from '../support/run-node.ts';

interface Seen {
  readonly output: Record<string, unknown>;
  readonly spans: readonly FlatSpan[];
}

async function powers(
  openai: OpenaiVersion,
  preload: boolean,
  env: Record<string, string> = {},
): Promise<Seen> {
  const app = makeAppDir(openai);
  const otlp = await startOtlpReceiver();
  const server = await startReplayServer({ exchanges: ownExchanges });
  try {
    const config = app.write('budget.json', '{ "includeUsage": "always" }');
    const { code, stdout, stderr } = await runNode({
      args: [...(preload ? ['--require', registerPath] : []), 'powers.mjs'],
      cwd: app.path,
      env: {
        ...otlp.env,
        REPLAY_URL: server.url,
        TOKEN_BUDGET_USD: '5',
        TOKEN_BUDGET_CONFIG: config,
        ...env,
      },
    });
    assert.equal(code, 0, stderr);
    // The port of the server is in some messages of the SDK.
    const output = JSON.parse(stdout.replaceAll(server.url, 'http://server')) as Record<string, unknown>;
    return { output, spans: otlp.spans().filter(({ scope }) => scope === 'otel-token-budget') };
  } finally {
    await Promise.all([otlp.close(), server.close()]);
    app.remove();
  }
}

describe('an application sees the same with the preload and without it', { concurrency: 2 }, () => {
  for (const openai of ['4', '5', '6', '7'] as const) {
    test(`openai ${openai}`, async () => {
      const bare = await powers(openai, false);
      const metered = await powers(openai, true);
      for (const name of Object.keys(bare.output)) {
        assert.deepEqual(metered.output[name], bare.output[name], `scenario ${name}`);
      }
      assert.deepEqual(bare.spans, []);
    });
  }
});

test('strict limits of a budget that is far from spent change nothing either', async () => {
  const bare = await powers('7', false);
  const metered = await powers('7', true, { TOKEN_BUDGET_MODE: 'strict', TOKEN_BUDGET_TOKENS: '100000000' });
  assert.deepEqual(metered.output, bare.output);
});

/** What each scenario's span says: usage source, tokens, error. One span a call, however it is read. */
const EXPECTED: Readonly<
  Record<string, { source?: string; input?: number; output?: number; error?: string }>
> = {
  await: { source: 'response' },
  awaitTwice: { source: 'response' },
  withResponse: { source: 'response' },
  asResponseJson: { source: 'response' },
  asResponseText: { source: 'response' },
  asResponseBody: { source: 'response' },
  asResponseStream: { source: 'response', input: 17, output: 28 },
  asResponseStreamText: { source: 'response', input: 17, output: 28 },
  thenUnwrap: { source: 'response' },
  parse: { source: 'response' },
  parseThrows: { source: 'response' },
  helperStream: { source: 'response', input: 17, output: 28 },
  stream: { source: 'response', input: 17, output: 28 },
  streamWithResponse: { source: 'response', input: 17, output: 28 },
  tee: { source: 'response', input: 17, output: 28 },
  toReadableStream: { source: 'response', input: 17, output: 28 },
  breakEarly: { source: 'local' },
  controllerAbort: { source: 'local', error: 'aborted' },
  cutStream: { source: 'local', error: 'any' },
  error404: { error: '404' },
  errorWithResponse: { error: '400' },
  abortSignal: { source: 'local', error: 'aborted' },
  abortedBefore: { error: 'aborted' },
  timeout: { source: 'local', error: 'timeout' },
  html: { source: 'local' },
  brokenJson: { source: 'local', error: 'SyntaxError' },
  responses: { source: 'response' },
  responsesStream: { source: 'response' },
  responsesHelper: { source: 'response' },
  embeddings: { source: 'response' },
};

describe('every way to make and read a call gives one span with its usage', { concurrency: 2 }, () => {
  for (const [scenario, expected] of Object.entries(EXPECTED)) {
    test(scenario, async () => {
      const { spans } = await powers('7', true, { SCENARIOS: scenario, TOKEN_BUDGET_MODE: 'observe' });
      assert.equal(spans.length, 1);
      const [span] = spans;
      assert.ok(span);
      const { attributes, status } = span;
      assert.equal(attributes['token_budget.usage.source'], expected.source);
      if (expected.input !== undefined) assert.equal(attributes['gen_ai.usage.input_tokens'], expected.input);
      if (expected.output !== undefined)
        assert.equal(attributes['gen_ai.usage.output_tokens'], expected.output);
      assert.equal(status.code, expected.error === undefined ? 0 : 2);
      if (expected.error !== undefined && expected.error !== 'any') {
        assert.equal(attributes['error.type'], expected.error);
      }
    });
  }
});
