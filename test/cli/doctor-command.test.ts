import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { build } from 'esbuild';
import { ownExchanges } from '../exchanges/index.ts';
import { eventually } from '../support/eventually.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { NODE_22, OPENAI_VERSIONS, REPO_ROOT, WORKSPACES } from '../support/paths.ts';
import { type ReplayServer, startReplayServer } from '../support/replay-server.ts';
import { runNode } from '../support/run-node.ts';
import { command, MAIN, startCommand, testDirectory } from './run-cli.ts';

interface Finding {
  readonly check: string;
  readonly state: string;
  readonly found: string;
  readonly fix?: string;
}

/** The findings about a command, after those about the project. */
const OF_COMMAND = ['Command', 'Preload', 'Copies', 'Unmetered', 'API', 'Provider', 'Probe', 'Span'];

/** Registers a provider of the program, whose exporter does what EXPORT says. */
const HOST_SDK = `
  const { createRequire } = require('node:module');
  const { NodeTracerProvider, BatchSpanProcessor } = (() => {
    const load = createRequire(process.env.SDK + '/program.js');
    return load('@opentelemetry/sdk-trace-node');
  })();
  const answer = { accepted: { code: 0 }, failed: { code: 1, error: new Error('no receiver') } }[process.env.EXPORT];
  const exporter = { export: (_, done) => done(answer), shutdown: async () => {} };
  const spanProcessors = answer === undefined ? [] : [new BatchSpanProcessor(exporter)];
  new NodeTracerProvider({ spanProcessors }).register();
`;

const CALL = `
  const client = new OpenAI({ apiKey: 'none', baseURL: process.env.REPLAY_URL + '/v1', maxRetries: 0 });
  const body = { model: 'gpt-4o-mini', max_tokens: 50, messages: [{ role: 'user', content: 'The tides at Brest today, in one line.' }] };
  client.chat.completions.create(body, { headers: { 'x-replay-id': 'chat-plain' } }).then(() => console.log('called'));
`;

describe('doctor -- COMMAND', { concurrency: 2 }, () => {
  const directory = testDirectory();
  let otlp: OtlpReceiver;
  let server: ReplayServer;

  before(async () => {
    otlp = await startOtlpReceiver();
    server = await startReplayServer({ exchanges: ownExchanges });
    mkdirSync(join(directory.path, 'node_modules'));
    symlinkSync(join(REPO_ROOT, 'node_modules', 'openai'), join(directory.path, 'node_modules', 'openai'));
    directory.write('app.mjs', `import OpenAI from 'openai'; console.log('started');`);
    directory.write('calls.cjs', `const OpenAI = require('openai'); ${CALL}`);
    directory.write('server.mjs', `import OpenAI from 'openai'; setInterval(() => {}, 1_000);`);
    directory.write('host.cjs', `${HOST_SDK} require('openai');`);
    directory.write('stubborn.mjs', `process.on('SIGTERM', () => {}); setInterval(() => {}, 1_000);`);
    const scripts = { start: 'node server.mjs' };
    directory.write('package.json', JSON.stringify({ name: 'app', version: '1.0.0', scripts }));
  });
  after(async () => {
    await otlp.close();
    await server.close();
  });

  const doctor = async (words: readonly string[], env: Record<string, string> = {}, args: string[] = []) => {
    const { code, stdout, stderr } = await command(['doctor', '--json', ...args, '--', ...words], {
      cwd: directory.path,
      env: { ...otlp.env, TOKEN_BUDGET_USD: '5', REPLAY_URL: server.url, ...env },
    });
    const all = JSON.parse(stdout) as Finding[];
    const found = (check: string): string[] =>
      all.filter((finding) => finding.check === check).map((finding) => finding.found);
    const findings = all.filter(({ check }) => OF_COMMAND.includes(check));
    const of = (check: string): string => found(check).join('\n');
    for (const { state, fix } of findings)
      assert.equal(state === 'warn' || state === 'fail', fix !== undefined);
    return {
      code,
      stdout,
      stderr,
      of,
      found,
      states: findings.map(({ check, state }) => `${check}: ${state}`),
    };
  };

  it('finds the copy, charges a probe call in the program, and has its span accepted', async () => {
    const { code, states, of, stderr } = await doctor(['node', 'app.mjs']);
    assert.deepEqual(states, [
      'Command: ok',
      'Preload: ok',
      'Copies: ok',
      'Provider: ok',
      'Probe: ok',
      'Span: ok',
    ]);
    assert.equal(code, 0);
    assert.match(stderr, /^started$/m);
    assert.match(of('Preload'), /Node \d+\.\S+: .*app\.mjs \(pid \d+\)$/);
    assert.match(of('Copies'), /^openai \d+\.\d+\.\d+ as an ES module \(.*openai\) is patched$/);
    assert.match(of('Provider'), /^TracerProvider, SDK \d\S+, API 1\.\d+\.\d+, registered by this package$/);
    assert.match(of('Probe'), /was charged: 12 tokens$/);
    assert.match(of('Span'), /by this package's SDK, and accepted by the receiver$/);
    const probe = otlp
      .spans()
      .find(({ attributes }) => attributes['token_budget.name'] === 'token-budget-doctor');
    assert.equal(probe?.name, 'chat gpt-4o-mini');
  });

  it('charges nothing to the budget of the program, and lets the program charge it', async () => {
    const args = ['--store', `sqlite:${join(directory.path, 'ledger.db')}`];
    const { stderr, of, found } = await doctor(['node', 'calls.cjs'], {}, args);
    assert.match(stderr, /^called$/m);
    assert.equal(found('Store').at(-1), 'answers in the program');
    assert.match(of('Copies'), /as CommonJS/);
    const status = async (): Promise<string> => (await command(['status', '--json', ...args])).stdout;
    const [first] = JSON.parse(await status()) as { settled: { calls: number } }[];
    assert.equal(first?.settled.calls, 1);
    const before = await status();
    assert.match((await doctor(['node', 'app.mjs'], {}, args)).of('Probe'), /was charged: 12 tokens/);
    assert.equal(await status(), before);
    assert.doesNotMatch(before, /token-budget-doctor/);
  });

  for (const [sdk, version, className] of [
    ['otel-sdk-1.30', '1.30', 'NodeTracerProvider'],
    ['otel-sdk-2.0', '2.0', 'NodeTracerProvider'],
  ] as const) {
    it(`joins the provider of the program, of SDK ${version}`, async () => {
      const env = { SDK: WORKSPACES[sdk], EXPORT: 'accepted' };
      const { of, states } = await doctor(['node', 'host.cjs'], env);
      assert.match(
        of('Provider'),
        new RegExp(`^${className}, SDK ${version}\\.\\d+, API 1\\.\\d+\\.\\d+, registered by the program$`),
      );
      assert.match(of('API'), /@opentelemetry\/sdk-trace-node \d/);
      assert.match(of('Span'), new RegExp(`recorded by ${className}, and flushed without an error$`));
      assert.equal(states.includes('API: ok'), true);
      const failed = await doctor(['node', 'host.cjs'], { ...env, EXPORT: 'failed' });
      assert.match(failed.of('Span'), /its export is not confirmed: no receiver$/);
      const none = await doctor(['node', 'host.cjs'], { ...env, EXPORT: 'none' });
      assert.match(none.of('Span'), /its export is not confirmed: the provider has no span processor$/);
      assert.equal(none.of('Probe'), failed.of('Probe'));
    });
  }

  it('says so if the store does not answer in the program', async () => {
    const { code, found, of } = await doctor(['node', 'app.mjs'], {
      TOKEN_BUDGET_STORE: 'redis://127.0.0.1:9',
    });
    assert.match(found('Store').at(-1) ?? '', /^does not answer in the program: ./);
    assert.match(of('Probe'), /was charged: 12 tokens$/);
    assert.equal(code, 1);
  });

  it('claims no export where no receiver is named, nor a span where none is recorded', async () => {
    const unsent = await doctor(['node', 'app.mjs'], { OTEL_TRACES_EXPORTER: 'none' });
    assert.match(
      unsent.of('Span'),
      /whether it was exported is not known: OTEL_TRACES_EXPORTER names no receiver$/,
    );
    const refused = await doctor(['node', 'app.mjs'], { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
    assert.match(
      refused.of('Span'),
      /its export is not confirmed: (not accepted within 3 s|the export failed)$/,
    );
    const disabled = await doctor(['node', 'app.mjs'], { OTEL_SDK_DISABLED: 'true' });
    assert.match(disabled.of('Provider'), /^no provider of traces is registered/);
    assert.match(disabled.of('Span'), /^the call has no recording span/);
    for (const { states, of } of [unsent, refused, disabled]) {
      assert.match(of('Probe'), /was charged: 12 tokens$/);
      assert.equal(
        states.some((state) => state.endsWith('fail')),
        false,
      );
    }
  });

  it('tells the API of the program from that of this package', async () => {
    const register = '@opentelemetry/auto-instrumentations-node/register';
    const env = {
      NODE_OPTIONS: `--require=${createRequire(join(WORKSPACES['otel-auto'], 'program.js')).resolve(register)}`,
      OTEL_NODE_RESOURCE_DETECTORS: 'none',
    };
    const { of } = await doctor(['node', 'app.mjs'], env);
    const apis = [...of('API').matchAll(/@opentelemetry\/api (\S+) \((.*?)\)/g)];
    assert.deepEqual(
      apis.map(([, version, path]) => [version, path?.startsWith(WORKSPACES['otel-auto'])]),
      [['1.9.0', true]],
    );
    assert.match(of('Provider'), /^NodeTracerProvider, SDK 2\.\S+, API 1\.9\.0, registered by the program$/);
    assert.match(of('Span'), /flushed without an error$/);
  });

  it('warns of an SDK that the program starts too late', async () => {
    directory.write('late-host.cjs', `require('openai'); setTimeout(() => { ${HOST_SDK} }, 50);`);
    const env = { SDK: WORKSPACES['otel-sdk-2.0'], EXPORT: 'accepted' };
    const { of, states } = await doctor(['node', 'late-host.cjs'], env);
    assert.equal(states.includes('API: warn'), true);
    assert.match(of('API'), /had not started its SDK when openai was loaded$/);
    assert.match(of('Provider'), /registered by this package$/);
  });

  it('ends a program that goes on, with every process of the command', async () => {
    for (const words of [
      ['npm', 'start', '--silent'],
      ['sh', '-c', 'node server.mjs; true'],
    ]) {
      const { code, of, states } = await doctor(words, {}, ['--wait', '3']);
      assert.match(of('Command'), /ran for \d\.\d s, then doctor ended it$/);
      assert.match(of('Probe'), /was charged/);
      assert.equal(states.includes('Span: ok'), true);
      assert.equal(code, 0);
    }
  });

  it('reports early when it is interrupted', async () => {
    directory.write(
      'ready.mjs',
      `import 'openai'; setInterval(() => {}, 1_000); setTimeout(() => console.log('ready'), 1_000);`,
    );
    const running = startCommand(['doctor', '--wait', '600', '--', 'node', 'ready.mjs'], {
      cwd: directory.path,
      env: { ...otlp.env, TOKEN_BUDGET_USD: '5' },
    });
    await eventually('the program', () => running.stderr().includes('ready'));
    running.child.kill('SIGINT');
    const { code, stdout } = await running.result;
    assert.match(stdout, /✓ Command +node ready\.mjs ran for \d+\.\d s, then doctor ended it\n/);
    assert.match(stdout, /✓ Probe /);
    assert.equal(code, 0);
  });

  it('kills a program that does not end on SIGTERM', async () => {
    const { of, states } = await doctor(['node', 'stubborn.mjs'], {}, ['--wait', '1']);
    assert.match(of('Command'), /ignored SIGTERM, and was killed after \d\.\d s$/);
    assert.equal(states[0], 'Command: warn');
  });

  it('says what to do if no process loads openai', async () => {
    const { code, of, states } = await doctor(['node', '-e', '1']);
    assert.deepEqual(states, ['Command: ok', 'Preload: ok', 'Copies: warn']);
    assert.equal(of('Copies'), 'no process loaded openai: nothing is counted');
    assert.equal(code, 0);
  });

  it('names a command that runs no Node, does not exist, fails, or is not started', async () => {
    const listing = await doctor(['ls']);
    assert.deepEqual([listing.code, listing.states], [1, ['Command: ok', 'Preload: fail']]);
    assert.match(
      listing.of('Preload'),
      /no process of ls loaded the preload: none runs Node with NODE_OPTIONS$/,
    );
    const missing = await doctor(['no-such-command', 'now']);
    assert.deepEqual([missing.code, missing.states], [1, ['Command: fail']]);
    assert.equal(missing.of('Command'), 'cannot run no-such-command now: command not found');
    const failing = await doctor(['node', '-e', 'process.exit(3)']);
    assert.deepEqual([failing.code, failing.states], [1, ['Command: fail', 'Preload: ok', 'Copies: warn']]);
    assert.match(failing.of('Command'), /failed with exit code 3 after \d\.\d s$/);
    const unset = await doctor(['node', 'app.mjs'], { TOKEN_BUDGET_USD: 'much' });
    assert.deepEqual(unset.states, ['Command: skip']);
    assert.doesNotMatch(unset.stderr, /started/);
  });

  it('finds that a copy is patched that was required before the preload', async () => {
    directory.write('early.cjs', `globalThis.early = require('openai');`);
    directory.write('late.cjs', `const OpenAI = globalThis.early; ${CALL}`);
    const env = { NODE_OPTIONS: `--require=${JSON.stringify(join(directory.path, 'early.cjs'))}` };
    const { code, of, states } = await doctor(['node', 'late.cjs'], env);
    assert.match(of('Copies'), /^openai \S+ as CommonJS \(.*\) is patched$/);
    assert.deepEqual([code, states.includes('Unmetered: fail')], [0, false]);
  });

  it('finds the requests of a copy that was imported before the preload', async () => {
    directory.write('early.mjs', `import OpenAI from 'openai'; globalThis.early = OpenAI;`);
    directory.write('late.cjs', `const OpenAI = globalThis.early; ${CALL}`);
    const env = { NODE_OPTIONS: `--import=${JSON.stringify(join(directory.path, 'early.mjs'))}` };
    const { code, of } = await doctor(['node', 'late.cjs'], env);
    assert.match(of('Unmetered'), /^POST .* left from a copy of openai \S+ that is not metered/);
    assert.equal(code, 1);
  });

  for (const minify of [false, true]) {
    it(`finds the requests of a ${minify ? 'minified ' : ''}bundle that contains openai`, async () => {
      const outfile = join(directory.path, `bundle-${minify}.cjs`);
      const source = { contents: `const OpenAI = require('openai'); ${CALL}`, resolveDir: directory.path };
      await build({ stdin: source, bundle: true, minify, platform: 'node', outfile, logLevel: 'silent' });
      const { code, of, states } = await doctor(['node', outfile]);
      assert.equal(of('Copies'), 'no process loaded openai: nothing is counted');
      assert.match(of('Unmetered'), /^POST .* left from a copy of openai \d\S+ that is not metered/);
      assert.deepEqual([code, states.includes('Unmetered: fail')], [1, true]);
      const { stderr } = await command(['run', '--usd', '1', '--', 'node', outfile], {
        cwd: directory.path,
        env: { REPLAY_URL: server.url, OTEL_SDK_DISABLED: 'true' },
      });
      assert.match(stderr, /left from a copy of openai/);
      assert.doesNotMatch(stderr, /no copy of openai was seen/);
    });
  }

  it('says so if the program ends before the probe call is answered', async () => {
    const { of, states } = await doctor(['node', '-e', 'require("openai"); process.exit(0)']);
    assert.equal(states.at(-1), 'Probe: warn');
    assert.equal(of('Probe'), 'the program ended before a probe call was answered');
  });

  it('makes its call with the real fetch if the program replaces it', async () => {
    directory.write(
      'mocked.mjs',
      `import OpenAI from 'openai'; globalThis.fetch = () => Promise.reject(new Error('mocked'));`,
    );
    assert.match((await doctor(['node', 'mocked.mjs'])).of('Probe'), /was charged: 12 tokens$/);
  });

  it('checks the oldest openai, and Node 22', async () => {
    directory.write(
      'old.cjs',
      `require(${JSON.stringify(join(OPENAI_VERSIONS['4-oldest'], 'node_modules', 'openai'))});`,
    );
    const { stdout } = await runNode({
      node: NODE_22,
      args: [MAIN, 'doctor', '--', NODE_22, join(directory.path, 'old.cjs')],
      env: { ...otlp.env, TOKEN_BUDGET_USD: '1' },
    });
    assert.match(stdout, /✓ Copies +openai 4\.19\.\d+ as CommonJS \(.*\) is patched/);
    assert.match(stdout, /✓ Probe +a call of openai 4\.19\.\d+ in the program was charged: 12 tokens/);
    assert.match(stdout, /✓ Span/);
  });

  it('refuses a time that is none', async () => {
    for (const wait of ['soon', '0', '-1', '']) {
      const { code, stderr } = await command(['doctor', '--wait', wait, '--', 'node', '-e', '1']);
      assert.equal(code, 64);
      assert.match(stderr, /--wait: got ".*", expected a number of seconds, such as 10/);
    }
  });
});
