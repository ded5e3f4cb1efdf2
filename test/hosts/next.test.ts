import assert from 'node:assert/strict';
import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ownExchanges } from '../exchanges/index.ts';
import { type AppDir, makeWorkspaceDir } from '../support/app-dir.ts';
import { fileOfPage } from '../support/doc-blocks.ts';
import { eventually } from '../support/eventually.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { REPO_ROOT, WORKSPACES } from '../support/paths.ts';
import { type ReplayServer, startReplayServer } from '../support/replay-server.ts';
import { registerPath, runNode, startNode } from '../support/run-node.ts';

const ROUTE = `
import OpenAI from 'openai';
export const dynamic = 'force-dynamic';
export async function GET() {
  const client = new OpenAI({ apiKey: 'x', baseURL: process.env.REPLAY_URL + '/v1', maxRetries: 0 });
  const answers = [];
  for (let call = 0; call < 2; call += 1) {
    const body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'The tides at Brest today.' }] };
    const sent = client.chat.completions.create(body, { headers: { 'x-replay-id': 'chat-plain' } });
    answers.push(await sent.then(() => 'answered', (error) => error.code ?? error.message));
  }
  return Response.json(answers);
}
`;

/** As docs/opentelemetry.md says. */
const CONFIGURED = {
  'next.config.mjs': fileOfPage('opentelemetry.md', 'next.config.mjs'),
  'instrumentation.js': fileOfPage('opentelemetry.md', 'instrumentation.js'),
};

/**
 * Gives Next.js the OpenTelemetry API of the application, as where it is installed beside it. In this repository Next.js
 * finds a later copy, which ignores the provider of an earlier one.
 */
const ONE_API = `
import { createRequire, registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
const api = createRequire(process.cwd() + '/package.json').resolve('@opentelemetry/api');
registerHooks({
  resolve: (name, context, next) =>
    name === '@opentelemetry/api' && context.parentURL?.includes('/node_modules/next/')
      ? { url: pathToFileURL(api).href, format: 'commonjs', shortCircuit: true }
      : next(name, context),
});
`;

const US = `--import ${registerPath}`;

const PAGES = {
  'package.json': '{ "private": true }',
  'one-api.mjs': ONE_API,
  'app/api/ask/route.js': ROUTE,
  'app/layout.js': 'export default ({ children }) => <html><body>{children}</body></html>;',
  'app/page.js': 'export default () => <p>Ask.</p>;',
};

const next = findNext();

/** The program of Next.js, if it is installed. */
function findNext(): string | undefined {
  try {
    return createRequire(join(WORKSPACES.next, 'package.json')).resolve('next/dist/bin/next');
  } catch {
    return undefined;
  }
}

/** Puts the package where it is installed: Next.js takes packages from the bundle only if they are in node_modules. */
function installPackage(directory: string): void {
  rmSync(directory);
  for (const name of ['dist', 'package.json'])
    cpSync(join(REPO_ROOT, name), join(directory, name), { recursive: true });
  symlinkSync(join(REPO_ROOT, 'node_modules'), join(directory, 'node_modules'));
}

interface Served {
  readonly answers: unknown;
  /** Our lines on stderr. */
  readonly lines: readonly string[];
  readonly otlp: OtlpReceiver;
}

/** An application of Next.js that is built, and can be started several times. */
class NextApp {
  readonly #app: AppDir = makeWorkspaceDir('next', '7');
  readonly #server: ReplayServer;

  private constructor(server: ReplayServer) {
    this.#server = server;
  }

  static async build(
    files: Readonly<Record<string, string>>,
    options: readonly string[] = [],
  ): Promise<NextApp> {
    const app = new NextApp(await startReplayServer({ exchanges: ownExchanges }));
    installPackage(join(app.#app.path, 'node_modules', 'otel-token-budget'));
    mkdirSync(join(app.#app.path, 'app', 'api', 'ask'), { recursive: true });
    for (const [name, text] of Object.entries({ ...PAGES, ...files })) app.#app.write(name, text);
    const { code, stdout, stderr } = await runNode({
      args: [next ?? '', 'build', ...options],
      cwd: app.#app.path,
      env: { NEXT_TELEMETRY_DISABLED: '1' },
      timeoutMs: 180_000,
    });
    assert.equal(code, 0, `${stdout}${stderr}`);
    return app;
  }

  /** Starts the server with some options of Node, and asks the route once. */
  async serve(options: string, hasArrived: (otlp: OtlpReceiver) => boolean): Promise<Served> {
    const otlp = await startOtlpReceiver();
    const server = startNode({
      args: [next ?? '', 'start', '--port', '0', '--hostname', '127.0.0.1'],
      cwd: this.#app.path,
      env: {
        NEXT_TELEMETRY_DISABLED: '1',
        REPLAY_URL: this.#server.url,
        TOKEN_BUDGET_CALLS: '1',
        OTEL_BSP_SCHEDULE_DELAY: '50',
        ...otlp.env,
        NODE_OPTIONS: `--import ./one-api.mjs ${options}`,
      },
    });
    try {
      const [, url = ''] = await eventually(
        'the server',
        () => /(http:\/\/127[\d.:]+)/.exec(server.stdout()) ?? false,
      );
      const answers = await eventually('an answer', async () => (await fetch(`${url}/api/ask`)).json());
      await eventually('spans', () => hasArrived(otlp));
      return {
        answers,
        otlp,
        lines: server
          .stderr()
          .split('\n')
          .filter((line) => line.startsWith('otel-')),
      };
    } finally {
      server.child.kill();
      await server.result;
      await otlp.close();
    }
  }

  async close(): Promise<void> {
    await this.#server.close();
    this.#app.remove();
  }
}

/** The names of our spans, with the scope of the span above each. */
function callsIn(otlp: OtlpReceiver): (string | undefined)[][] {
  const spans = otlp.spans();
  return spans
    .filter(({ scope }) => scope === 'otel-token-budget')
    .map(({ name, traceId, parentSpanId }) => {
      const parent = spans.find((span) => span.spanId === parentSpanId && span.traceId === traceId);
      return [name, parent?.scope];
    });
}

/** Whether both calls and the spans above them have arrived. */
const areComplete = (otlp: OtlpReceiver): boolean =>
  callsIn(otlp).filter(([, scope]) => scope !== undefined).length === 2;

describe('Next.js', { skip: next === undefined && 'Next.js is not installed' }, () => {
  describe('with openai outside the bundle', () => {
    let app: NextApp;
    before(async () => {
      app = await NextApp.build(CONFIGURED);
    });
    after(() => app.close());

    for (const [how, options] of Object.entries({ 'by instrumentation.js': '', 'by NODE_OPTIONS too': US })) {
      test(`is metered, loaded ${how}`, async () => {
        const { answers, lines, otlp } = await app.serve(options, areComplete);
        assert.deepEqual([answers, lines], [['answered', 'token_budget_exceeded'], []]);
        const call = ['chat gpt-4o-mini', 'next.js'];
        assert.deepEqual(callsIn(otlp), [call, call]);
      });
    }
  });

  test('with this package in the bundle is metered, since the preload loads the one that is installed', async () => {
    const app = await NextApp.build({
      ...CONFIGURED,
      'next.config.mjs': "export default { serverExternalPackages: ['openai'] };",
    });
    try {
      const { answers, lines } = await app.serve('', areComplete);
      assert.deepEqual([answers, lines], [['answered', 'token_budget_exceeded'], []]);
    } finally {
      await app.close();
    }
  });

  for (const bundler of ['--turbopack', '--webpack']) {
    test(`with openai in the bundle says that it is not metered: ${bundler}`, async () => {
      const app = await NextApp.build({}, [bundler]);
      try {
        const { answers, lines } = await app.serve(US, () => true);
        assert.deepEqual(answers, ['answered', 'answered']);
        assert.equal(lines.length, 1, lines.join('\n'));
        assert.match(lines[0] ?? '', /left from a copy of openai 7\.[\d.]+ that is not metered/);
      } finally {
        await app.close();
      }
    });
  }
});
