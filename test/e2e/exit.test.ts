import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ownExchanges } from '../exchanges/index.ts';
import { makeAppDir } from '../support/app-dir.ts';
import { type OtlpOptions, type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { startReplayServer } from '../support/replay-server.ts';
import { type NodeResult, registerPath, startNode } from '../support/run-node.ts';

/** An application that makes a call and then ends in the way of a script. */
const APP = (ending: string) => `
import OpenAI from 'openai';
const client = new OpenAI({ apiKey: 'sk-test', baseURL: process.env.REPLAY_URL + '/v1', maxRetries: 0 });
const body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] };
const options = { headers: { 'x-replay-id': 'chat-plain' } };
await client.chat.completions.create(body, options);
${ending}
`;

interface Ended extends NodeResult {
  readonly otlp: OtlpReceiver;
}

async function end(
  ending: string,
  how: { signal?: NodeJS.Signals; otlp?: OtlpOptions; env?: Record<string, string>; preload?: boolean } = {},
): Promise<Ended> {
  const app = makeAppDir();
  const otlp = await startOtlpReceiver(how.otlp ?? {});
  const server = await startReplayServer({ exchanges: ownExchanges });
  try {
    app.write('app.mjs', APP(ending));
    const running = startNode({
      args: [...(how.preload === false ? [] : ['--require', registerPath]), 'app.mjs'],
      cwd: app.path,
      env: { ...otlp.env, REPLAY_URL: server.url, TOKEN_BUDGET_USD: '5', ...how.env },
    });
    if (how.signal !== undefined) {
      await running.waitForOutput(/ready/);
      running.child.kill(how.signal);
    }
    return { ...(await running.result), otlp };
  } finally {
    await Promise.all([otlp.close(), server.close()]);
    app.remove();
  }
}

function assertFlushed({ otlp, stderr }: Ended): void {
  assert.equal(otlp.spans().filter(({ scope }) => scope === 'otel-token-budget').length, 1, stderr);
  const names = new Set(otlp.metrics().map(({ name }) => name));
  for (const name of [
    'gen_ai.client.inference.usage.input_tokens',
    'gen_ai.client.inference.duration',
    'token_budget.settled',
  ]) {
    assert.ok(names.has(name), `${name} of ${[...names]}`);
  }
}

const WAIT = `setInterval(() => {}, 1000); console.log('ready');`;

describe('what was recorded is sent before the process ends, and it ends as it would have', {
  concurrency: 2,
}, () => {
  test('by itself', async () => {
    const ended = await end('');
    assert.equal(ended.code, 0);
    assertFlushed(ended);
  });

  test('by process.exit', async () => {
    const ended = await end('process.exit(7);');
    assert.equal(ended.code, 7);
    assertFlushed(ended);
  });

  test('by an uncaught error', async () => {
    const ended = await end(`throw new Error('boom');`);
    const bare = await end(`throw new Error('boom');`, { preload: false });
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /Error: boom/);
    assert.equal(ended.stderr.split('\n').length, bare.stderr.split('\n').length);
    assertFlushed(ended);
  });

  test('by an unhandled rejection', async () => {
    const ended = await end(`Promise.reject(new Error('boom')); ${WAIT}`);
    assert.equal(ended.code, 1);
    assertFlushed(ended);
  });

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const) {
    test(`by ${signal}, which nobody handles`, async () => {
      const ended = await end(WAIT, { signal });
      assert.equal(ended.code, null);
      assert.equal(ended.signal, signal);
      assertFlushed(ended);
    });

    test(`by ${signal}, which the application handles`, async () => {
      const ended = await end(
        `process.on('${signal}', () => setTimeout(() => { console.log('bye'); process.exit(9); }, 50)); ${WAIT}`,
        { signal },
      );
      assert.equal(ended.code, 9);
      assert.match(ended.stdout, /bye/);
      assertFlushed(ended);
    });

    const again = `process.kill(process.pid, '${signal}'); console.log('after'); process.exit(8);`;
    for (const [how, handler] of [
      ['once', `process.once('${signal}', () => { ${again} });`],
      [
        'by a listener that removes itself',
        `process.on('${signal}', function handle() { process.removeListener('${signal}', handle); ${again} });`,
      ],
      ['once, a moment later', `process.once('${signal}', () => setTimeout(() => { ${again} }, 50));`],
    ] as const) {
      test(`by ${signal}, which the application handles ${how} and sends to itself again`, async () => {
        const ended = await end(`${handler} ${WAIT}`, { signal });
        assert.deepEqual([ended.code, ended.signal, ended.stdout], [null, signal, 'ready\n']);
        assertFlushed(ended);
      });
    }
  }

  for (const [call, signal] of [
    ['process.kill(process.pid)', 'SIGTERM'],
    [`process.kill(process.pid, 'SIGKILL')`, 'SIGKILL'],
    [`process.kill(String(process.pid), 'SIGALRM')`, 'SIGALRM'],
  ] as const) {
    test(`by ${call}`, async () => {
      const ended = await end(`${call}; process.exit(8);`);
      assert.deepEqual([ended.code, ended.signal], [null, signal]);
      assertFlushed(ended);
    });
  }

  test('not by signals that end nothing, other processes or arguments that are wrong', async () => {
    const ended = await end(
      `process.on('SIGTERM', () => console.log('heard'));
       for (const signal of [0, 'SIGCONT', 'SIGWINCH', 'SIGTERM']) process.kill(process.pid, signal);
       for (const args of [[process.pid, 'SIGNONE'], [2 ** 30, 'SIGTERM'], ['x']]) {
         try { process.kill(...args); } catch (error) { console.log(error.code); }
       }
       console.log(process.kill.name, process.kill.length);
       await new Promise((done) => setTimeout(done, 50));
       await client.chat.completions.create(body, options);
       process.exit(4);`,
    );
    assert.equal(ended.code, 4);
    assert.equal(ended.stdout, 'ERR_UNKNOWN_SIGNAL\nESRCH\nERR_INVALID_ARG_TYPE\nkill 2\nheard\n');
    assert.equal(ended.otlp.spans().filter(({ scope }) => scope === 'otel-token-budget').length, 2);
  });

  for (const [release, emitter] of [
    ['3', `process.__signal_exit_emitter__ = { count: 1 }`],
    ['4', `globalThis[Symbol.for('signal-exit emitter')] = { count: 1 }`],
  ] as const) {
    test(`by a signal that release ${release} of signal-exit answers, without an exit event`, async () => {
      // As the package does: where no other listener is there, it removes its own and sends the signal once more.
      const ended = await end(
        `${emitter};
         const handle = () => {
           if (process.listeners('SIGTERM').length !== 1) return;
           process.removeListener('SIGTERM', handle);
           process.kill(process.pid, 'SIGTERM');
         };
         process.on('SIGTERM', handle); ${WAIT}`,
        { signal: 'SIGTERM' },
      );
      assert.deepEqual([ended.code, ended.signal], [null, 'SIGTERM']);
      assertFlushed(ended);
    });
  }

  test('by a signal that the application handles once and goes on', async () => {
    const ended = await end(
      `process.once('SIGTERM', () => { console.log('first'); process.exitCode = 4; clearInterval(timer); });
       const timer = setInterval(() => {}, 1000); console.log('ready');`,
      { signal: 'SIGTERM' },
    );
    assert.equal(ended.code, 4);
    assertFlushed(ended);
  });

  test('with a call still open, whose worst case is charged', async () => {
    const ended = await end(
      `client.chat.completions.create({ ...body, max_tokens: 100 }, { headers: { 'x-replay-behaviour': '{"hang":true}', 'x-replay-id': 'chat-plain' } });
       const { tracker } = globalThis[Symbol.for('otel-token-budget.preloaded')];
       while ((await tracker.status()).balances.open === 0) await new Promise((done) => setTimeout(done, 5));
       process.exit(3);`,
    );
    assert.equal(ended.code, 3);
    const open = ended.otlp.spans().find(({ attributes }) => attributes['error.type'] !== undefined);
    assert.equal(open?.attributes['token_budget.usage.source'], 'reservation');
    assert.equal(open?.attributes['gen_ai.usage.output_tokens'], 100);
  });
});

describe('a Collector that is no help costs the exit at most the flush time', { concurrency: 2 }, () => {
  const dead = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' };
  for (const [name, how] of [
    ['absent', { env: dead }],
    ['never answering', { otlp: { hang: true } }],
    ['answering 503', { otlp: { status: 503 } }],
    ['answering 400', { otlp: { status: 400 } }],
    ['slow', { otlp: { delayMs: 5_000 } }],
  ] as const) {
    test(name, async () => {
      const ended = await end('process.exitCode = 5;', how);
      assert.equal(ended.code, 5);
      assert.equal(ended.stderr, '');
      // Not a timed test of speed: without a bound the exit would take the exporter's ten seconds and more.
      assert.ok(ended.durationMs < 9_000, `${ended.durationMs} ms`);
    });
  }
});
