import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { assertExitWork, assertSameEnd, type ExitRun, repeatSignal, runToExit } from '../support/exit-run.ts';
import { REDIS_MISSING, type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { NODE, NODE_22, startNode, WORKSPACES } from '../support/run-node.ts';

/** Whether a process can be the first of its own PID namespace here, as in a container. */
const NO_NAMESPACES =
  spawnSync('unshare', ['--pid', '--fork', 'true']).status === 0 ? false : 'unshare --pid is not permitted';

/** Programs, and how they end. */
const ENDINGS: Readonly<Record<string, Omit<ExitRun, 'workspace'>>> = {
  'process.reallyExit': { ending: `process.reallyExit(6);` },
  'process.reallyExit, imported by its name': {
    before: `import { reallyExit } from 'node:process';`,
    ending: `reallyExit(6);`,
  },
  'process.kill, imported by its name': {
    before: `import { kill } from 'node:process';`,
    ending: `kill(process.pid, 'SIGKILL');`,
  },
  'its own signal 0 and then the end': { ending: `process.kill(process.pid, 0); process.exitCode = 3;` },
  'SIGTERM that it emits, which nobody hears': {
    ending: `
      const isHeard = process.emit('SIGTERM');
      process.emit('SIGINT', 'SIGINT');
      setTimeout(() => { console.log('alive'); process.exit(4); }, 20);`,
  },
  'SIGTERM that it emits and hears': {
    ending: `
      process.on('SIGTERM', (signal) => { console.log('heard', signal); process.exit(5); });
      process.emit('SIGTERM', 'SIGTERM');`,
  },
  'signals that its listeners ignore, calls after them, and then its end': {
    ending: `
      process.on('SIGTERM', (signal, number) => console.log('ignored', signal, number));
      process.on('SIGINT', async (signal) => {
        for (let n = 0; n < 8; n += 1) await call();
        console.log('called', signal);
      });
      process.on('SIGHUP', () => { console.log('bye'); process.exit(5); });
      stay();`,
    act: async ({ child, waitForOutput }) => {
      child.kill('SIGTERM');
      await waitForOutput(/ignored/);
      child.kill('SIGINT');
      await waitForOutput(/called/);
      child.kill('SIGTERM');
      await waitForOutput(/ignored[\s\S]*ignored/);
      child.kill('SIGHUP');
    },
  },
  'listeners in their order, of which the last one sends the signal again': {
    ending: `
      process.on('SIGTERM', () => console.log('first', process.listenerCount('SIGTERM') > 0));
      process.prependListener('SIGTERM', () => console.log('prepended'));
      process.once('SIGTERM', () => {
        process.removeAllListeners('SIGTERM');
        console.log('last');
        process.kill(process.pid, 'SIGTERM');
      });
      stay();`,
    act: 'SIGTERM',
  },
  'a signal whose listeners it removes': {
    ending: `process.on('SIGTERM', () => console.log('heard')); process.removeAllListeners('SIGTERM'); setImmediate(stay);`,
    act: 'SIGTERM',
  },
  'the same signal twice': {
    ending: `
      let count = 0;
      process.on('SIGINT', () => {
        count += 1;
        console.log(count);
        if (count === 2) process.exit(130);
      });
      stay();`,
    act: async ({ child, waitForOutput }) => {
      child.kill('SIGINT');
      await waitForOutput(/1/);
      child.kill('SIGINT');
    },
  },
  'an error in a listener': {
    ending: `process.on('SIGTERM', () => { throw new Error('boom'); }); stay();`,
    act: 'SIGTERM',
  },
};

describe('a program ends as it would have, and its exit work is done', {
  concurrency: 2,
  skip: REDIS_MISSING,
  timeout: 300_000,
}, () => {
  let redis: RedisServer;
  before(async () => {
    redis = await startRedisServer({ args: ['--appendonly', 'yes'] });
  });
  after(() => redis.close());

  for (const [name, run] of Object.entries(ENDINGS)) test(name, () => assertSameEnd(redis, run));

  for (const name of ['process.reallyExit', 'process.kill', 'signals that its listeners ignore']) {
    for (const [ending, run] of Object.entries(ENDINGS).filter(([ending]) => ending.startsWith(name))) {
      test(`${ending}, with the oldest Node`, () =>
        assertSameEnd(redis, {
          ...run,
          start: (args, app, env) => startNode({ node: NODE_22, args, cwd: app.path, env }),
        }));
    }
  }

  test('a signal to the group that it leads', () =>
    assertSameEnd(redis, {
      ending: `process.kill(-process.pid, 'SIGKILL');`,
      // As a shell with job control starts it.
      start: (args, app, env) =>
        startNode({ node: 'setsid', args: ['--wait', NODE, ...args], cwd: app.path, env }),
    }));

  test(
    'a signal that the first process of a container survives, calls after it, and process.exit',
    {
      skip: NO_NAMESPACES,
    },
    () =>
      assertSameEnd(redis, {
        ending: `
        process.kill(process.pid, 'SIGTERM');
        console.log('alive', process.pid);
        for (let n = 0; n < 8; n += 1) await call();
        process.kill(process.pid, 'SIGTERM');
        await call();
        process.exit(3);`,
        start: (args, app, env) =>
          startNode({ node: 'unshare', args: ['--pid', '--fork', NODE, ...args], cwd: app.path, env }),
      }),
  );

  for (const [name, handler, end] of [
    ['nobody handles', '', [null, 'SIGTERM']],
    [
      'it handles once and sends again',
      `process.once('SIGTERM', () => process.kill(process.pid, 'SIGTERM'));`,
      [null, 'SIGTERM'],
    ],
    ['it handles once and exits', `process.once('SIGTERM', () => process.exit(4));`, [4, null]],
  ] as const) {
    test(`a signal that ${name}, and that arrives many times`, async () => {
      const ended = await runToExit(redis, {
        ending: `${handler} stay();`,
        act: ({ child }) => {
          child.kill('SIGTERM');
          repeatSignal(child, 'SIGTERM');
        },
      });
      assert.deepEqual([ended.code, ended.signal], end);
      assertExitWork(ended);
    });
  }

  test('the end of the export thread is reported, and delays no exit', async () => {
    const ended = await runToExit(redis, {
      ending: `
        process.on('worker', (worker) => {
          worker.once('exit', () => setImmediate(() => process.exit(3)));
          worker.terminate();
        });
        // The thread starts with the first export.
        process.once('SIGTERM', () => console.log('heard'));
        process.kill(process.pid, 'SIGTERM');
        stay();`,
    });
    assert.equal(ended.code, 3, ended.stderr);
    assert.match(
      ended.stderr,
      /^otel-token-budget: the export thread ended \(exit code [01]\), and no more telemetry is sent\n$/,
    );
    assert.deepEqual([ended.ledger?.settled.calls, ended.ledger?.reserved.calls], [4, 0]);
  });

  for (const [name, handler] of [
    ['a listener', `process.on('SIGINT', () => console.log('closing'));`],
    [
      'a listener that waits for a call',
      `process.on('SIGINT', async () => {
         console.log('closing');
         await open;
         console.log('closed');
       });
       const open = client.chat.completions.create(body, {
         headers: { 'x-replay-id': 'chat-plain', 'x-replay-behaviour': '{"delayMs":300}' },
       });`,
    ],
  ] as const) {
    test(`SIGINT with ${name}, and SIGKILL a moment later, as PM2 ends programs`, async () => {
      const ended = await runToExit(redis, {
        ending: `${handler} stay();`,
        act: async ({ child, waitForOutput }, { spans, ledger }) => {
          child.kill('SIGINT');
          await waitForOutput(name === 'a listener' ? /closing/ : /closed/);
          const calls = name === 'a listener' ? 4 : 5;
          // Sooner than an unused quota is returned, after 15 seconds.
          await eventually(
            'the quota is returned',
            async () => (await ledger())?.reserved.calls === 0,
            8_000,
          );
          // Sooner than a batch is due.
          await eventually('all spans are sent', () => spans() === calls, 4_000);
          child.kill('SIGKILL');
        },
      });
      assert.equal(ended.signal, 'SIGKILL');
      assertExitWork(ended);
    });
  }

  for (const [name, handler] of [
    ['without a listener', ''],
    [
      'with the listener that its documentation shows',
      `process.once('SIGUSR2', () => { console.log('closed'); process.kill(process.pid, 'SIGUSR2'); });`,
    ],
  ] as const) {
    test(`a restart by nodemon ${name}`, async () => {
      const ended = await runToExit(redis, {
        workspace: 'exit-4',
        ending: `${handler} stay();`,
        start: (args, app, env) => {
          const nodemon = join(
            WORKSPACES['exit-4'],
            '..',
            '..',
            '..',
            'node_modules',
            'nodemon',
            'bin',
            'nodemon.js',
          );
          const command = [NODE, ...args].map((arg) => `"${arg}"`).join(' ');
          return startNode({ args: [nodemon, '--watch', 'watched', '--exec', command], cwd: app.path, env });
        },
        act: async ({ child, waitForOutput }) => {
          child.kill('SIGHUP');
          await waitForOutput(/ready[\s\S]*ready/);
          child.kill('SIGINT');
        },
      });
      assert.equal(ended.answered.calls, 8, ended.stdout);
      assert.equal(ended.stdout.includes('closed'), handler !== '');
      assertExitWork(ended);
    });
  }
});
