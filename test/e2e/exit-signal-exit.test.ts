import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertExitWork, assertSameEnd, type ExitRun, repeatSignal, runToExit } from '../support/exit-run.ts';
import { REDIS_MISSING, type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { WORKSPACES } from '../support/run-node.ts';

/** A program that shows a spinner: on what seems to be a terminal, ora hides its cursor until the end. */
const ORA = [
  `import ora from 'ora';`,
  `Object.assign(process.stderr, { isTTY: true, cursorTo() {}, clearLine() {}, moveCursor() {} });
   ora({ text: 'x', isEnabled: true }).start();`,
] as const;

/** A program that writes a file most of the time. */
const WRITE = [
  `import write from 'write-file-atomic';`,
  `(async () => { for (;;) await write('written.txt', 'x'); })();`,
] as const;

/** The two releases: an import, the same for CommonJS, and programs of packages that use it. */
const RELEASES = {
  'exit-3': {
    esm: `import onExit from 'signal-exit';`,
    cjs: `const onExit = require('signal-exit');`,
    users: {
      execa: [`import execa from 'execa';`, `execa('sleep', ['30']).catch(() => {});`],
      ora: ORA,
      'write-file-atomic': WRITE,
    },
  },
  'exit-4': {
    esm: `import { onExit } from 'signal-exit';`,
    cjs: `const { onExit } = require('signal-exit');`,
    users: {
      execa: [`import { execa } from 'execa';`, `execa('sleep', ['30']).catch(() => {});`],
      ora: ORA,
      inquirer: [
        `import inquirer from 'inquirer'; import { PassThrough } from 'node:stream';`,
        `const prompt = inquirer.createPromptModule({ input: new PassThrough(), output: new PassThrough().resume() });
         prompt([{ type: 'input', name: 'a', message: 'b' }]).catch((error) => console.log(error.name));`,
      ],
      'write-file-atomic': WRITE,
    },
  },
} as const;

const LISTEN = `onExit((code, signal) => console.log('onExit', code, signal));`;

describe('the exit work is done where signal-exit is loaded', {
  concurrency: 2,
  skip: REDIS_MISSING,
  timeout: 300_000,
}, () => {
  let redis: RedisServer;
  const same = (run: ExitRun): Promise<void> => assertSameEnd(redis, run);
  before(async () => {
    redis = await startRedisServer({ args: ['--appendonly', 'yes'] });
  });
  after(() => redis.close());

  for (const workspace of ['exit-3', 'exit-4'] as const) {
    const { esm, cjs, users } = RELEASES[workspace];
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGALRM'] as const) {
      test(`${workspace}: ${signal}`, () =>
        same({ workspace, before: esm, ending: `${LISTEN} stay();`, act: signal }));
    }

    test(`${workspace}: a signal that arrives many times`, async () => {
      const ended = await runToExit(redis, {
        workspace,
        before: esm,
        ending: `${LISTEN} stay();`,
        act: ({ child }) => {
          child.kill('SIGINT');
          repeatSignal(child, 'SIGINT');
        },
      });
      assert.deepEqual([ended.code, ended.signal], [null, 'SIGINT']);
      assertExitWork(ended);
    });

    test(`${workspace}: loaded before the preload`, () =>
      same({ workspace, first: cjs + LISTEN, ending: 'stay();', act: 'SIGTERM' }));

    test(`${workspace}: removed again`, () =>
      same({ workspace, before: esm, ending: `onExit(() => {})(); stay();`, act: 'SIGINT' }));

    test(`${workspace}: beside a handler of the program, which exits`, () =>
      same({
        workspace,
        before: esm,
        ending: `${LISTEN} process.on('SIGTERM', () => setTimeout(() => process.exit(5), 50)); stay();`,
        act: 'SIGTERM',
      }));

    test(`${workspace}: process.exit, process.reallyExit and the end by itself`, async () => {
      await same({ workspace, before: esm, ending: `${LISTEN} process.exit(6);` });
      await same({ workspace, before: esm, ending: `${LISTEN} process.reallyExit(6);` });
      await same({ workspace, before: esm, ending: `${LISTEN} process.exitCode = 6;` });
    });

    for (const [name, [imports, use]] of Object.entries(users)) {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) {
        test(`${workspace}: ${name}, ${signal}`, () =>
          same({ workspace, before: imports, ending: `${use} stay();`, act: signal }));
      }
    }
  }

  test('two copies of release 4', () =>
    same({
      workspace: 'exit-4',
      before: `${RELEASES['exit-4'].esm} import { createRequire } from 'node:module';
        const inquirer = createRequire(import.meta.url).resolve('inquirer');
        const other = createRequire(createRequire(inquirer).resolve('@inquirer/core'))('signal-exit');`,
      ending: `${LISTEN} other.onExit((code, signal) => console.log('other', code, signal)); stay();`,
      act: 'SIGTERM',
    }));

  test('both releases', () =>
    same({
      workspace: 'exit-4',
      before: `${RELEASES['exit-4'].esm} import { createRequire } from 'node:module';
        const onExit3 = createRequire(${JSON.stringify(WORKSPACES['exit-3'])} + '/package.json')('signal-exit');`,
      ending: `${LISTEN} onExit3((code, signal) => console.log('onExit 3', code, signal)); stay();`,
      act: 'SIGTERM',
    }));

  test('a listener of release 4 that lets the program live on, until the next signal', () =>
    same({
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
