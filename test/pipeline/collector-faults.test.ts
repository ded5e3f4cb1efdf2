import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ownExchanges } from '../exchanges/index.ts';
import { makeAppDir } from '../support/app-dir.ts';
import { eventually } from '../support/eventually.ts';
import { tracesOf } from '../support/jaeger-api.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.ts';
import { collectorProgram, jaegerProgram } from '../support/pipeline.ts';
import { freePorts, type Running, skipWithout, startProgram } from '../support/programs.ts';
import { startReplayServer } from '../support/replay-server.ts';
import { type NodeResult, type RunningNode, registerPath, startNode } from '../support/run-node.ts';

/** An agent: a number of calls, and a line after each tenth; at its end what it was answered and what its budget says. */
const AGENT = `
import OpenAI from 'openai';
const client = new OpenAI({ apiKey: 'sk-test', baseURL: process.env.REPLAY_URL + '/v1', maxRetries: 0 });
const budget = globalThis[Symbol.for('otel-token-budget.preloaded')].tracker;
const body = { model: 'gpt-4o-mini', max_tokens: 50, messages: [{ role: 'user', content: 'The tides at Brest today.' }] };
const outcomes = {};
for (let call = 1; call <= 60; call += 1) {
  const outcome = await client.chat.completions.create(body, { headers: { 'x-replay-id': 'chat-plain' } }).then(
    (answer) => answer.choices[0].message.content,
    (error) => error.code,
  );
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  if (call % 10 === 0) console.log('called ' + call);
  await new Promise((resolve) => setTimeout(resolve, Number(process.env.PAUSE_MS)));
}
const { balances, left } = budget.status();
console.log(JSON.stringify({ outcomes, settled: balances.settled, reserved: balances.reserved, left }));
process.exitCode = 7;
if (process.env.LINGER_MS) setTimeout(() => {}, Number(process.env.LINGER_MS));
`;

/** Ends in a refusal: the last of the 60 calls are one too many. */
const LIMIT = { TOKEN_BUDGET_CALLS: '55' };

/** The last line that an agent printed. */
function told({ stdout }: NodeResult): unknown {
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

describe('a Collector that fails', { concurrency: 2 }, () => {
  let app: ReturnType<typeof makeAppDir>;
  let server: Awaited<ReturnType<typeof startReplayServer>>;
  /** What the agent tells where no telemetry is sent at all. */
  let expected: unknown;

  before(async () => {
    app = makeAppDir();
    app.write('agent.mjs', AGENT);
    server = await startReplayServer({ exchanges: ownExchanges });
    const off = { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' };
    expected = told(await startAgent(off).result);
    assert.match(JSON.stringify(expected), /token_budget_exceeded":5/);
  });

  after(async () => {
    await server?.close();
    app?.remove();
  });

  function startAgent(env: Readonly<Record<string, string>>): RunningNode {
    return startNode({
      args: ['--require', registerPath, 'agent.mjs'],
      cwd: app.path,
      env: {
        REPLAY_URL: server.url,
        PAUSE_MS: '5',
        OTEL_METRIC_EXPORT_INTERVAL: '200',
        OTEL_BSP_SCHEDULE_DELAY: '100',
        ...LIMIT,
        ...env,
      },
    });
  }

  describe('changes nothing for the agent', { concurrency: 2 }, () => {
    for (const [name, options] of [
      ['never answers', { hang: true }],
      ['is slow', { delayMs: 3_000 }],
      ['answers 400', { status: 400 }],
      ['answers 401', { status: 401 }],
      ['answers 413', { status: 413 }],
      ['answers 429', { status: 429 }],
      ['answers 500', { status: 500 }],
      ['answers 503', { status: 503 }],
    ] as const) {
      test(`where it ${name}`, async () => {
        const otlp = await startOtlpReceiver(options);
        try {
          assertUnmoved(await startAgent(otlp.env).result);
          assert.ok(otlp.posts.length > 0 || 'hang' in options || 'delayMs' in options);
        } finally {
          await otlp.close();
        }
      });
    }

    test('where nobody listens', async () => {
      const [port] = await freePorts(1);
      assertUnmoved(await startAgent({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` }).result);
    });
  });

  /** As without telemetry; and the exit did not wait for the exporters, which try for minutes. */
  function assertUnmoved(result: NodeResult): void {
    assert.equal(result.code, 7);
    assert.equal(result.stderr, '');
    assert.deepEqual(told(result), expected);
    assert.ok(result.durationMs < 20_000, `${result.durationMs} ms`);
  }

  for (const [status, again] of [
    [400, 'nothing'],
    [503, 'all'],
  ] as const) {
    test(`is sent ${again} again after it answered ${status}`, async () => {
      const otlp = await startOtlpReceiver({ status });
      try {
        const agent = startAgent({ ...otlp.env, LINGER_MS: '2000', OTEL_METRICS_EXPORTER: 'none' });
        await agent.waitForOutput(/outcomes/);
        otlp.setOptions({});
        assertUnmoved(await agent.result);
        assert.equal(otlp.spans().length === 60, again === 'all', `${otlp.spans().length} spans`);
      } finally {
        await otlp.close();
      }
    });
  }

  test('does not make memory grow without bound', { timeout: 120_000 }, async () => {
    const [port] = await freePorts(1);
    app.write(
      'flood.mjs',
      `import 'openai';
      const { trace } = await import('@opentelemetry/api');
      const tracer = trace.getTracer('flood');
      // Until the SDK has started.
      while (!tracer.startSpan('first').isRecording()) await new Promise((resolve) => setTimeout(resolve, 5));
      const text = 'x'.repeat(2_000);
      const flood = async (count) => {
        for (let n = 0; n < count; n += 1) {
          tracer.startSpan('span', { attributes: { text: text + n } }).end();
          if (n % 250 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
        }
        globalThis.gc();
        return Math.round(process.memoryUsage.rss() / 1e6);
      };
      const few = await flood(40_000);
      const recorded = tracer.startSpan('span').isRecording();
      console.log(JSON.stringify([recorded, few, await flood(160_000)]));
      process.exitCode = 7;`,
    );
    const { code, stdout, stderr } = await startNode({
      args: ['--expose-gc', '--require', registerPath, 'flood.mjs'],
      cwd: app.path,
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
        OTEL_BSP_SCHEDULE_DELAY: '10',
        TOKEN_BUDGET_USD: '5',
      },
      timeoutMs: 110_000,
    }).result;
    assert.deepEqual([code, stderr], [7, '']);
    const [recorded, few, many] = JSON.parse(stdout) as [boolean, number, number];
    assert.ok(recorded);
    // What came after the first would be 320 MB and more.
    assert.ok(many - few < 150, `${few} MB, then ${many} MB`);
  });

  describe('for a time is given what it missed', {
    skip: skipWithout('otelcol', 'jaeger'),
    concurrency: 2,
  }, () => {
    let directory: string;
    let jaeger: Running;

    before(async () => {
      directory = mkdtempSync(join(tmpdir(), 'otel-token-budget-faults-'));
      jaeger = await startProgram(jaegerProgram(directory));
    });

    after(async () => {
      await jaeger?.stop();
      rmSync(directory, { recursive: true, force: true });
    });

    /** An agent with a Collector at ports of its own, which may not be there yet. */
    async function setUp(service: string) {
      const ports = await freePorts(4);
      const nowhere = await freePorts(2);
      const program = collectorProgram(
        {
          jaegerPort: jaeger.ports[3] ?? 0,
          prometheusPort: nowhere[0] ?? 0,
          victoriaLogsPort: nowhere[1] ?? 0,
        },
        ports,
      );
      const agent = (env: Readonly<Record<string, string>>): RunningNode =>
        startAgent({
          OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${ports[0]}`,
          OTEL_SERVICE_NAME: service,
          PAUSE_MS: '40',
          ...env,
        });
      return { start: () => startProgram(program), agent };
    }

    async function assertAllArrive(service: string): Promise<void> {
      await eventually(`60 spans of ${service}`, async () => {
        const traces = await tracesOf(`http://127.0.0.1:${jaeger.ports[0]}`, service);
        const ids = new Set(traces.flatMap(({ spans }) => spans.map(({ spanId }) => spanId)));
        assert.ok(ids.size <= 60);
        if (ids.size < 60) throw new Error(`${ids.size} so far`);
        return ids;
      });
    }

    test('started again in the middle of a run', async () => {
      const { start, agent } = await setUp('restarted');
      const first = await start();
      const running = agent({});
      await running.waitForOutput(/called 20/);
      await first.stop();
      await running.waitForOutput(/called 40/);
      const second = await start();
      try {
        assertUnmoved(await running.result);
        await assertAllArrive('restarted');
      } finally {
        await second.stop();
      }
    });

    test('started after all calls, before the agent ends', async () => {
      const { start, agent } = await setUp('late');
      const running = agent({ LINGER_MS: '20000' });
      await running.waitForOutput(/outcomes/);
      const collector = await start();
      try {
        // The agent goes on: what it keeps is sent again meanwhile, not at its exit alone.
        await assertAllArrive('late');
        running.child.kill('SIGTERM');
        const { signal, stderr } = await running.result;
        assert.deepEqual([signal, stderr], ['SIGTERM', '']);
      } finally {
        await collector.stop();
      }
    });

    test('started just before the exit, which wakes what waits', async () => {
      const { start, agent } = await setUp('at-exit');
      // A busy machine may take longer than the 2 s of the default.
      const config = app.write('patient.json', JSON.stringify({ flushTimeoutMs: 30_000 }));
      const running = agent({ LINGER_MS: '60000', TOKEN_BUDGET_CONFIG: config });
      await running.waitForOutput(/outcomes/);
      const collector = await start();
      try {
        running.child.kill('SIGTERM');
        await running.result;
        await assertAllArrive('at-exit');
      } finally {
        await collector.stop();
      }
    });

    test('killed in the middle of a run: the agent is unmoved, and spans after it arrive', async () => {
      const { start, agent } = await setUp('killed');
      const first = await start();
      const running = agent({});
      await running.waitForOutput(/called 20/);
      await first.stop('SIGKILL');
      const second = await start();
      try {
        assertUnmoved(await running.result);
        await eventually('the refused calls', async () => {
          const traces = await tracesOf(`http://127.0.0.1:${jaeger.ports[0]}`, 'killed', {
            'token_budget.decision': 'deny',
          });
          return traces.length === 5 ? traces : undefined;
        });
      } finally {
        await second.stop();
      }
    });
  });
});
