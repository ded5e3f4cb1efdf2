import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ownExchanges } from '../exchanges/index.ts';
import { REPO_ROOT } from '../support/paths.ts';
import { type ReplayServer, startReplayServer } from '../support/replay-server.ts';
import { command, MAIN, startCommand, testDirectory } from './run-cli.ts';

/** Makes as many calls as its argument says, and prints what became of them. */
const BODY = `
const client = new OpenAI({ apiKey: 'none', baseURL: process.env.REPLAY_URL + '/v1', maxRetries: 0 });
const body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'The tides at Brest today, in one line.' }] };
(async () => {
  let made = 0;
  for (let n = 0; n < Number(process.argv[2] ?? 1); n += 1) {
    try {
      await client.chat.completions.create({ ...body, max_tokens: 50 }, { headers: { 'x-replay-id': 'chat-plain' } });
      made += 1;
    } catch (error) {
      if (error.code !== 'token_budget_exceeded') throw error;
    }
  }
  console.log('made', made);
})();
`;

/** The summary of a command that had openai and made no call; whether its budget is in the ledger may differ. */
const NO_CALLS =
  /token-budget: (?:no call was charged|"default" has spent \$0\.00, 0 tokens in 0 calls;.*)\n/;

describe('run', { concurrency: 2 }, () => {
  const directory = testDirectory();
  let server: ReplayServer;
  let env: Record<string, string>;

  before(async () => {
    server = await startReplayServer({ exchanges: ownExchanges });
    env = { REPLAY_URL: server.url, OTEL_SDK_DISABLED: 'true' };
    mkdirSync(join(directory.path, 'node_modules', '.bin'), { recursive: true });
    symlinkSync(join(REPO_ROOT, 'node_modules', 'openai'), join(directory.path, 'node_modules', 'openai'));
    directory.write('agent.mjs', `#!/usr/bin/env node\nimport OpenAI from 'openai';\n${BODY}`);
    directory.write('agent.cjs', `const OpenAI = require('openai');\n${BODY}`);
    chmodSync(join(directory.path, 'agent.mjs'), 0o755);
    symlinkSync('../../agent.mjs', join(directory.path, 'node_modules', '.bin', 'my-agent'));
    const scripts = { agent: 'node agent.cjs 3' };
    directory.write('package.json', JSON.stringify({ name: 'app', version: '1.0.0', scripts }));
  });
  after(() => server.close());

  const run = (args: readonly string[], more: Record<string, string> = {}) =>
    command(['run', ...args], { cwd: directory.path, env: { ...env, ...more } });

  for (const [what, words] of [
    ['an ES module', ['node', 'agent.mjs', '3']],
    ['CommonJS', ['node', 'agent.cjs', '3']],
    ['an npm script', ['npm', 'run', '--silent', 'agent']],
    ['npx', ['npx', '--no-install', 'my-agent', '3']],
    ['a shell', ['sh', '-c', 'cd / && node "$OLDPWD/agent.mjs" 3']],
  ] as const) {
    it(`holds the budget of ${what}, and tells what was spent`, async () => {
      const { code, stdout, stderr } = await run(['--calls', '2', '--name', 'job', '--', ...words]);
      assert.match(stdout, /made 2/);
      assert.match(
        stderr,
        /^token-budget: "job" has spent \$0\.\d+, \d+ tokens in 2 calls; left 0 of 2 calls$/m,
      );
      assert.equal(code, 0);
    });
  }

  it('shares the budget among all processes of the command, and removes its ledger', async () => {
    const temporary = join(directory.path, 'temporary');
    mkdirSync(temporary);
    const both = ['sh', '-c', 'node agent.mjs 4 & node agent.cjs 4 & wait'];
    const { stdout, stderr } = await run(['--calls', '5', '--', ...both], { TMPDIR: temporary });
    const made = [...stdout.matchAll(/made (\d)/g)].map(([, count]) => Number(count));
    assert.deepEqual([made.length, (made[0] ?? 0) + (made[1] ?? 0)], [2, 5]);
    assert.match(stderr, /in 5 calls; left 0 of 5 calls/);
    assert.deepEqual(
      readdirSync(temporary).filter((name) => name.startsWith('token-budget')),
      [],
    );
  });

  it('gives each process its own budget if the store is memory, and cannot tell what was spent', async () => {
    const both = ['sh', '-c', 'node agent.mjs 4; node agent.cjs 4'];
    const { stdout, stderr } = await run(['--calls', '3', '--store', 'memory', '--', ...both]);
    assert.equal(stdout, 'made 3\nmade 3\n');
    assert.equal(
      stderr,
      'token-budget: what was spent is not known: with the store "memory", each process has a ledger of its own\n',
    );
  });

  it('says so if no call was charged', async () => {
    const args = ['--calls', '3', '--', 'node', 'agent.mjs', '0'];
    const { code, stderr } = await run(['--store', `sqlite:${join(directory.path, 'unused.db')}`, ...args]);
    assert.equal(code, 0);
    assert.match(stderr, NO_CALLS);
  });

  describe('says so if no copy of openai was seen', () => {
    const unseen = 'token-budget: no copy of openai was seen in this command: nothing was counted\n';
    for (const [what, store] of [
      ['a temporary ledger', []],
      ['a ledger that is not there', ['--store', 'sqlite:unseen.db']],
      ['ledgers in memory', ['--store', 'memory']],
    ] as const) {
      it(`with ${what}`, async () => {
        const { code, stderr } = await run(['--calls', '3', ...store, '--', 'node', '-e', '1']);
        assert.deepEqual([code, stderr], [0, unseen]);
      });
    }

    it('by a command that runs no Node, or does not exist', async () => {
      assert.deepEqual((await run(['--calls', '3', '--', 'true'])).stderr, unseen);
      const { code, stderr } = await run(['--calls', '3', '--', 'no-such-command']);
      assert.equal(code, 127);
      assert.equal(stderr, `token-budget: cannot run no-such-command: command not found\n${unseen}`);
    });

    it('and what earlier commands have spent', async () => {
      const args = ['--calls', '3', '--store', 'sqlite:earlier.db', '--'];
      await run([...args, 'node', 'agent.mjs', '1']);
      const { stderr } = await run([...args, 'node', '-e', '1']);
      assert.ok(stderr.startsWith(unseen), stderr);
      assert.match(stderr, /\n.*"default" has spent .* in 1 call; left 2 of 3 calls\n$/);
    });

    it('but not if a process of a run inside it had one, or a call was recorded without it', async () => {
      const args = ['--calls', '3', '--store', 'sqlite:inner.db', '--'];
      const inner = [process.execPath, MAIN, 'run', ...args, 'node', 'agent.cjs', '0'];
      const { stderr } = await run([...args, ...inner]);
      assert.match(stderr, new RegExp(NO_CALLS.source.repeat(2)));
      const record = `const { getPreloaded } = require(${JSON.stringify(join(REPO_ROOT, 'dist', 'index.js'))});
        getPreloaded().tracker.recordUsage({ model: 'gpt-4o-mini', usage: { input: 9, output: 3 } });`;
      const recorded = await run(['--calls', '3', '--', 'node', '-e', record]);
      assert.match(recorded.stderr, /^token-budget: "default" has spent .*12 tokens in 1 call/);
    });

    it('nor if a copy was seen that is not metered', async () => {
      const copy = join(directory.path, 'vendored', 'node_modules', 'openai');
      mkdirSync(copy, { recursive: true });
      directory.write('vendored/node_modules/openai/package.json', '{"name":"openai","version":"9.0.0"}');
      directory.write(
        'vendored/node_modules/openai/client.js',
        'class OpenAI {}\nexports.OpenAI = OpenAI;\n',
      );
      const load = "require('./vendored/node_modules/openai/client.js')";
      const { stderr } = await run(['--calls', '3', '--', 'node', '-e', load]);
      assert.match(stderr, /openai 9\.0\.0 \(.*\) is not metered/);
      assert.doesNotMatch(stderr, /no copy of openai was seen/);
    });
  });

  it('lets options override the environment, and the environment the file', async () => {
    const config = directory.write(
      'budget.json',
      JSON.stringify({ name: 'filed', limits: { calls: 9, tokens: 100_000 } }),
    );
    const given = { TOKEN_BUDGET_CALLS: '2', TOKEN_BUDGET_NAME: 'named' };
    const args = ['--calls', '1', '--config', config, '--', 'node', 'agent.mjs', '4'];
    const { stdout, stderr } = await run(args, given);
    assert.equal(stdout, 'made 1\n');
    assert.match(stderr, /"named" has spent .* left [\d,]+ of 100,000 tokens, 0 of 1 calls/);
    const inherited = await run(['--quiet', '--', 'node', 'agent.mjs', '4'], given);
    assert.deepEqual([inherited.stdout, inherited.stderr], ['made 2\n', '']);
  });

  it('keeps NODE_OPTIONS, and passes arguments and standard input through', async () => {
    const echo =
      'console.log(process.env.NODE_OPTIONS, process.title, process.argv.slice(1).join(), fs.readFileSync(0, "utf8"))';
    const args = ['run', '--quiet', '--usd', '1', '--', 'node', '-e', echo, '--', '--usd', '2', 'a b'];
    const options = { NODE_OPTIONS: '--title=mine' };
    const { stdout } = await command(args, {
      cwd: directory.path,
      env: { ...env, ...options },
      stdin: 'typed',
    });
    assert.match(stdout, /^--title=mine --import=file:\S+register\.js mine --usd,2,a b typed\n$/);
  });

  for (const [what, words, code, signal] of [
    ['its exit code', ['node', '-e', 'process.exit(7)'], 7, null],
    ['its signal', ['sh', '-c', 'kill -TERM $$'], null, 'SIGTERM'],
    ['a kill', ['sh', '-c', 'kill -KILL $$'], null, 'SIGKILL'],
    ['127 if the command does not exist', ['no-such-command'], 127, null],
    ['126 if the command is not executable', ['./package.json'], 126, null],
  ] as const) {
    it(`ends with ${what}`, async () => {
      const result = await run(['--usd', '1', '--quiet', '--', ...words]);
      assert.deepEqual([result.code, result.signal], [code, signal]);
    });
  }

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    it(`forwards ${signal}, and waits for the program to end`, async () => {
      const program = `process.on('${signal}', () => setTimeout(() => { console.log('cleaned up'); process.exit(3); }, 50));
        setInterval(() => {}, 1000); console.log('ready');`;
      const running = startCommand(['run', '--usd', '1', '--quiet', '--', 'node', '-e', program], { env });
      await running.waitForOutput(/ready/);
      running.child.kill(signal);
      const { code, stdout } = await running.result;
      assert.deepEqual([code, stdout], [3, 'ready\ncleaned up\n']);
    });
  }

  it('admits calls again as soon as an operator raises the budget', async () => {
    const store = `sqlite:${join(directory.path, 'raised.db')}`;
    directory.write(
      'patient.mjs',
      `import { existsSync } from 'node:fs';
      import OpenAI from 'openai';
      const client = new OpenAI({ apiKey: 'none', baseURL: process.env.REPLAY_URL + '/v1', maxRetries: 0 });
      const body = { model: 'gpt-4o-mini', max_tokens: 50, messages: [{ role: 'user', content: 'The tides at Brest today, in one line.' }] };
      for (let made = 0; made < 3; ) {
        try {
          await client.chat.completions.create(body, { headers: { 'x-replay-id': 'chat-plain' } });
          made += 1;
        } catch (error) {
          console.log(error.code, error.limit.value);
          // Not before the operator has seen what is left.
          while (!existsSync('raised')) await new Promise((wait) => setTimeout(wait, 50));
        }
      }`,
    );
    const running = startCommand(['run', '--calls', '2', '--store', store, '--', 'node', 'patient.mjs'], {
      cwd: directory.path,
      env,
    });
    await running.waitForOutput(/token_budget_exceeded 2/);
    const raised = await command(['raise', 'default', '--calls', '1', '--store', store]);
    assert.match(raised.stdout, /Raised "default":\n {2}3 calls \(raised by 1\), 1 left/);
    directory.write('raised', '');
    const { code, stderr } = await running.result;
    assert.deepEqual([code, server.account.length > 2], [0, true]);
    assert.match(stderr, /in 3 calls; left 0 of 3 calls/);
  });

  it('reports a wrong settings file before it starts anything', async () => {
    const config = directory.write('wrong.json', '{ "limits": { "costUsd": "much" } }');
    const { code, stdout, stderr } = await run(['--', 'node', '-p', '1'], { TOKEN_BUDGET_CONFIG: config });
    assert.deepEqual([code, stdout], [78, '']);
    assert.match(stderr, /wrong\.json: limits\.costUsd: got "much", expected a number of USD/);
  });
});

it('the preload that run loads is the one of the package', () => {
  const { exports } = JSON.parse(readFileSync(join(REPO_ROOT, 'package.json'), 'utf8'));
  assert.equal(exports['./register'].default.default, './dist/register.js');
});
