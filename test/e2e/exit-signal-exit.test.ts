import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ExitRun, runToExit } from '../support/exit-run.ts';
import { REDIS_MISSING, type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { WORKSPACES } from '../support/run-node.ts';

let redis: RedisServer;

/** Runs a program with the preload and without, and expects the same end and that all exit work was done. */
async function assertSameEnd(run: ExitRun): Promise<void> {
  const bare = await runToExit(redis, { ...run, preload: false });
  const ended = await runToExit(redis, run);
  assert.deepEqual(
    [ended.code, ended.signal, ended.stdout],
    [bare.code, bare.signal, bare.stdout],
    ended.stderr,
  );
  const { spans, answered, ledger } = ended;
  assert.equal(spans, answered.calls, ended.stderr);
  assert.ok(ledger !== undefined && answered.calls > 0);
  assert.deepEqual([ledger.settled.calls, ledger.settled.tokens], [answered.calls, answered.tokens]);
  assert.deepEqual([ledger.reserved.calls, ledger.reserved.tokens, ledger.open], [0, 0, 0]);
}

/** The two releases: an import, the same for CommonJS, and programs of packages that use it. */
const RELEASES = {
  'exit-3': {
    esm: `import onExit from 'signal-exit';`,
    cjs: `const onExit = require('signal-exit');`,
    users: {
      execa: [`import execa from 'execa';`, `execa('sleep', ['30']).catch(() => {});`],
      ora: [
        `import ora from 'ora';`,
        `process.stderr.isTTY = true; ora({ text: 'x', isEnabled: true }).start();`,
      ],
      'write-file-atomic': [
        `import write from 'write-file-atomic';`,
        `(async () => { for (;;) await write('written.txt', 'x'); })();`,
      ],
    },
  },
  'exit-4': {
    esm: `import { onExit } from 'signal-exit';`,
    cjs: `const { onExit } = require('signal-exit');`,
    users: {
      execa: [`import { execa } from 'execa';`, `execa('sleep', ['30']).catch(() => {});`],
      ora: [
        `import ora from 'ora';`,
        `process.stderr.isTTY = true; ora({ text: 'x', isEnabled: true }).start();`,
      ],
      inquirer: [
        `import inquirer from 'inquirer'; import { PassThrough } from 'node:stream';`,
        `const prompt = inquirer.createPromptModule({ input: new PassThrough(), output: new PassThrough().resume() });
         prompt([{ type: 'input', name: 'a', message: 'b' }]).catch((error) => console.log(error.name));`,
      ],
      'write-file-atomic': [
        `import write from 'write-file-atomic';`,
        `(async () => { for (;;) await write('written.txt', 'x'); })();`,
      ],
    },
  },
} as const;

const LISTEN = `onExit((code, signal) => console.log('onExit', code, signal));`;

describe('the exit work is done where signal-exit is loaded', {
  concurrency: 2,
  skip: REDIS_MISSING,
  timeout: 300_000,
}, () => {
  before(async () => {
    redis = await startRedisServer({ args: ['--appendonly', 'yes'] });
  });
  after(() => redis.close());

  for (const workspace of ['exit-3', 'exit-4'] as const) {
    const { esm, cjs, users } = RELEASES[workspace];
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGALRM'] as const) {
      test(`${workspace}: ${signal}`, () =>
        assertSameEnd({ workspace, before: esm, ending: `${LISTEN} stay();`, act: signal }));
    }

    test(`${workspace}: loaded before the preload`, () =>
      assertSameEnd({ workspace, first: cjs + LISTEN, ending: 'stay();', act: 'SIGTERM' }));

    test(`${workspace}: removed again`, () =>
      assertSameEnd({ workspace, before: esm, ending: `onExit(() => {})(); stay();`, act: 'SIGINT' }));

    test(`${workspace}: beside a handler of the program, which exits`, () =>
      assertSameEnd({
        workspace,
        before: esm,
        ending: `${LISTEN} process.on('SIGTERM', () => setTimeout(() => process.exit(5), 50)); stay();`,
        act: 'SIGTERM',
      }));

    test(`${workspace}: process.exit, process.reallyExit and the end by itself`, async () => {
      await assertSameEnd({ workspace, before: esm, ending: `${LISTEN} process.exit(6);` });
      await assertSameEnd({ workspace, before: esm, ending: `${LISTEN} process.reallyExit(6);` });
      await assertSameEnd({ workspace, before: esm, ending: `${LISTEN} process.exitCode = 6;` });
    });

    for (const [name, [imports, use]] of Object.entries(users)) {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) {
        test(`${workspace}: ${name}, ${signal}`, () =>
          assertSameEnd({ workspace, before: imports, ending: `${use} stay();`, act: signal }));
      }
    }
  }

  test('both releases, and their users', () =>
    assertSameEnd({
      workspace: 'exit-4',
      before: `${RELEASES['exit-4'].esm} import { createRequire } from 'node:module';
        const onExit3 = createRequire(${JSON.stringify(WORKSPACES['exit-3'])} + '/package.json')('signal-exit');`,
      ending: `${LISTEN} onExit3((code, signal) => console.log('onExit 3', code, signal)); stay();`,
      act: 'SIGTERM',
    }));

  test('a listener of release 4 that lets the program live on, until the next signal', () =>
    assertSameEnd({
      workspace: 'exit-4',
      before: RELEASES['exit-4'].esm,
      ending: `
        onExit((code, signal) => {
          console.log('onExit', code, signal);
          if (signal !== 'SIGTERM') return;
          call().then(() => console.log('called'));
          return true;
        });
        stay();`,
      act: async ({ child, waitForOutput }) => {
        child.kill('SIGTERM');
        await waitForOutput(/called/);
        child.kill('SIGINT');
      },
    }));
});
