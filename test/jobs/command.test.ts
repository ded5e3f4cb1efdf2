import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { JobResult } from '../../src/jobs/result/result.ts';
import { makeAppDir } from '../support/app-dir.ts';
import { type FlatSpan, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { startReplayServer } from '../support/replay-server.ts';
import { startNode } from '../support/run-node.ts';
import { chatExchange, commandPath, directoryOf, jobsPath } from './support.ts';

const exchange = chatExchange('one', 'In short.', { input: 2_000, output: 40, cached: 1_024 });

/** Sets up one directory for the command, with a service and an OTLP receiver. */
async function setUp(test: TestContext) {
  const app = makeAppDir();
  const otlp = await startOtlpReceiver();
  const server = await startReplayServer({ exchanges: [exchange] });
  const directory = directoryOf(test);
  test.after(() => Promise.all([otlp.close(), server.close(), app.remove()]));
  const start = (args: readonly string[], env: Record<string, string> = {}) =>
    startNode({
      args: [commandPath, 'job', ...args, '--directory', directory],
      cwd: app.path,
      env: { ...otlp.env, REPLAY_URL: server.url, JOBS: jobsPath, ...env },
    });
  return {
    app,
    otlp,
    server,
    directory,
    start,
    run: (args: readonly string[], env = {}) => start(args, env).result,
  };
}

/** The lines on stderr, but for those of answers that bill more input than the short prompts have. */
const linesOf = (stderr: string): string[] =>
  stderr.split('\n').filter((line) => line !== '' && !/more input was billed than its bound/.test(line));

describe('token-budget job', { concurrency: 2 }, () => {
  it('runs the job of a file in one trace, and logs each call and its end', async (t) => {
    const { run, otlp, server } = await setUp(t);
    const { code, stdout, stderr } = await run([
      'run',
      'job-file.mjs',
      '--id',
      'r1',
      '--input',
      '{"topic":"tides"}',
      '--json',
    ]);
    assert.deepEqual([code, linesOf(stderr)], [0, []]);
    const result = JSON.parse(stdout.slice(stdout.indexOf('{'))) as JobResult;
    assert.deepEqual(
      [result.reason, result.output, result.outputs['search']],
      ['completed', 'In short.', { topic: 'tides' }],
    );
    assert.deepEqual([result.budget.unit, result.budget.limits], ['tokens', { tokens: 44_642 }]);
    assert.equal(
      result.charged.tokens,
      server.account.reduce((sum, { billed }) => sum + (billed?.input ?? 0) + (billed?.output ?? 0), 0),
    );
    assert.equal(result.efficiency.cacheHitShare, 0.512);

    assert.deepEqual(treeOf(otlp.spans()), [
      'invoke_agent research',
      '  invoke_agent search',
      '    execute_tool look_up',
      '    chat gpt-5.2',
      '  invoke_agent read',
      '    chat gpt-5.2',
      '  invoke_agent summarise',
      '    chat gpt-5.2',
    ]);
    const [root] = otlp
      .spans()
      .filter(({ parentSpanId }) => parentSpanId === undefined || parentSpanId === '');
    assert.deepEqual(
      [
        'gen_ai.operation.name',
        'gen_ai.agent.name',
        'token_budget.job.id',
        'token_budget.job.reason',
        'token_budget.job.calls',
      ].map((name) => root?.attributes[name]),
      ['invoke_agent', 'research', 'r1', 'completed', 3],
    );
    assert.deepEqual(
      [
        'token_budget.limit',
        'token_budget.consumed',
        'iteration_budget.limit',
        'iteration_budget.consumed',
      ].map((name) => root?.attributes[`gen_ai.agent.${name}`]),
      [44_642, result.charged.tokens, undefined, 3],
    );
    const calls = otlp.logs().filter(({ eventName }) => eventName === 'token_budget.call');
    const chats = otlp.spans().filter(({ name }) => name === 'chat gpt-5.2');
    assert.deepEqual(
      calls.map(({ spanId, traceId }) => [spanId, traceId]).sort(),
      chats.map(({ spanId, traceId }) => [spanId, traceId]).sort(),
    );
    assert.deepEqual(
      calls.map(({ attributes }) => attributes['token_budget.scope']),
      ['search', 'read', 'summarise'],
    );
    for (const { attributes } of calls) {
      assert.equal(attributes['gen_ai.usage.cache_read.input_tokens'], 1_024);
      assert.equal(attributes['token_budget.cost.nano_usd'], result.charged.costNanoUsd / 3);
    }
    const [ended] = otlp.logs().filter(({ eventName }) => eventName === 'token_budget.job');
    assert.deepEqual([ended?.spanId, ended?.severityText], [root?.spanId, 'INFO']);
    const metrics = otlp.metrics().map(({ name }) => name);
    for (const name of [
      'token_budget.job.cost',
      'token_budget.job.active',
      'token_budget.job.cost_per_step',
      'token_budget.job.cache_hit_share',
      'token_budget.job.output_speed',
    ]) {
      assert.ok(metrics.includes(name), name);
    }
    const exported = JSON.stringify([otlp.spans(), otlp.logs()], (_, value) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    for (const secret of ['secret question', 'In short']) assert.ok(!exported.includes(secret), secret);
  });

  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    it(`saves a checkpoint on ${signal}, and resumes in the same trace`, async (t) => {
      const { start, run, otlp, server } = await setUp(t);
      const first = start(['run', 'job-file.mjs', '--id', 'r2', '--cost', '1', '--unit', 'cost'], {
        HOLD: '1',
      });
      await first.waitForOutput(/reading/);
      first.child.kill(signal);
      const stopped = await first.result;
      assert.deepEqual([stopped.code, stopped.signal, linesOf(stopped.stderr)], [null, signal, []]);
      assert.match(stopped.stdout, /Job r2 \(research\): signal/);
      assert.match((await run(['list'])).stdout, /r2 +signal +research +.*job-file\.mjs +1 +1 /);
      const { code, stdout } = await run(['resume', 'r2']);
      assert.equal(code, 0);
      assert.match(stdout, /Job r2 \(research\): completed/);
      assert.match(stdout, /in 2 runs/);
      assert.deepEqual(
        server.account.map(({ headers }) => headers['x-step']),
        ['search', 'read', 'read', 'summarise'],
      );
      const spans = otlp.spans();
      assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 1);
      assert.deepEqual(
        spans
          .filter(({ name }) => name === 'invoke_agent research')
          .map(({ attributes }) => attributes['token_budget.job.reason'])
          .sort(),
        ['completed', 'signal'],
      );
    });
  }

  it('is listed as killed after kill -9, and resumes at the interrupted step', async (t) => {
    const { start, run, server } = await setUp(t);
    const first = start(['run', 'job-file.mjs', '--id', 'r3'], { HOLD: '1' });
    await first.waitForOutput(/reading/);
    assert.match((await run(['list'])).stdout, /r3 +running/);
    const second = await run(['resume', 'r3']);
    assert.deepEqual([second.code, second.stderr], [1, second.stderr]);
    assert.match(second.stderr, /The job "r3" is already running/);
    first.child.kill('SIGKILL');
    await first.result;
    const listed = JSON.parse((await run(['list', '--json'])).stdout) as { job: string; state: string }[];
    assert.deepEqual(
      listed.map(({ job, state }) => [job, state]),
      [['r3', 'killed']],
    );
    const { code, stdout } = await run(['resume', 'r3', '--json']);
    const result = JSON.parse(stdout.slice(stdout.indexOf('{\n'))) as JobResult;
    assert.deepEqual([code, result.charged.calls, result.interrupted.calls, result.time.runs], [0, 4, 0, 2]);
    assert.equal(server.account.length, 4);
  });

  it('stops with exit code 75 when its budget or that of the process is exhausted, and resumes with a larger one', async (t) => {
    const { run, server } = await setUp(t);
    const poor = await run(['run', 'job-file.mjs', '--id', 'r4', '--tokens', '2500']);
    assert.deepEqual([poor.code, linesOf(poor.stderr)], [75, []]);
    assert.match(poor.stdout, /r4 \(research\): exhausted/);
    const held = await run(['resume', 'r4', '--tokens', '100000'], { TOKEN_BUDGET_CALLS: '0' });
    assert.match(held.stdout, /exhausted/);
    assert.equal((await run(['resume', 'r4', '--tokens', '100000'])).code, 0);
    assert.equal(server.account.length, 3);
  });

  it('saves, lists and resumes a job in the store of the settings file', async (t) => {
    const { start, run, app } = await setUp(t);
    app.write('settings.json', JSON.stringify({ store: `sqlite:${join(app.path, 'ledger.db')}` }));
    const env = { TOKEN_BUDGET_CONFIG: join(app.path, 'settings.json') };
    const first = start(['run', 'job-file.mjs', '--id', 'r5'], { ...env, HOLD: '1' });
    await first.waitForOutput(/reading/);
    first.child.kill('SIGTERM');
    await first.result;
    assert.match((await run(['list'], env)).stdout, /r5 +signal/);
    const { code, stdout } = await run(['resume', 'r5'], env);
    assert.equal(code, 0);
    assert.match(stdout, /Job r5 \(research\): completed/);
    assert.match((await run(['list'])).stdout, /^No jobs\.$/m);
  });

  it('reports an invalid argument in one line, with an exit code of its own', async (t) => {
    const { run, app, directory } = await setUp(t);
    app.write('none.mjs', 'export const nothing = 1;');
    app.write('broken.mjs', 'export default {');
    for (const [args, code, message] of [
      [['run', 'job-file.mjs', '--cost', 'five'], 64, /--cost: got "five", expected a number/],
      [['run', 'job-file.mjs', '--unit', 'euro'], 64, /--unit: got "euro", expected tokens or cost/],
      [['run', 'job-file.mjs', '--input', '{'], 64, /--input: got "\{", expected JSON/],
      [
        ['run', 'job-file.mjs', '--store', 'mysql:x'],
        64,
        /--store: got "mysql:x", expected memory, sqlite:PATH/,
      ],
      [['run', 'job-file.mjs', '--work-minutes', '99999999'], 78, /payload\.timeBudgetMinutes: got 99999999/],
      [['run', 'missing.mjs'], 78, /file: got ".*missing\.mjs", which does not exist, expected a module/],
      [['run', 'none.mjs'], 78, /exports no job, expected a default export of defineJob/],
      [['run', 'broken.mjs'], 1, /Unexpected end of input|Unexpected token/],
      [['run', 'job-file.mjs', '--id', '../up'], 78, /id: got "\.\.\/up", expected 1 to 100 letters/],
      [['resume', 'unknown'], 1, /There is no job "unknown" in .*There are no saved jobs/],
    ] as const) {
      const { code: got, stderr, stdout } = await run(args);
      assert.deepEqual([got, stdout], [code, ''], `${args.join(' ')}\n${stderr}`);
      assert.match(stderr, message);
      assert.equal(stderr.trim().split('\n').length, 1, stderr);
    }
    const minutes = await run(['run', 'job-file.mjs', '--minutes', '15']);
    assert.equal(minutes.code, 64);
    assert.match(minutes.stderr, /unknown option '--minutes'/);
    app.write('package.json', '{ "type": "commonjs" }');
    for (const source of ["import 'node:fs';", 'export default {};']) {
      app.write('common.js', source);
      const { code, stderr } = await run(['run', 'common.js']);
      assert.equal(code, 78, stderr);
      // A warning of Node precedes it.
      assert.match(stderr, /which is CommonJS by its name and its package\.json, expected an ES module: /);
    }
    assert.match((await run(['list'])).stdout, /^No jobs\.$/m);
    assert.ok(readFileSync(join(directory, 'ledger.db')).length > 0);
  });
});

/** Prints spans as lines, indented by depth, in the order of their start. */
function treeOf(spans: readonly FlatSpan[]): string[] {
  const under = (parent: string | undefined, depth: number): string[] =>
    spans
      .filter(({ parentSpanId }) => (parentSpanId === '' ? undefined : parentSpanId) === parent)
      .toSorted((a, b) => Number(a.startNano - b.startNano))
      .flatMap((span) => [`${'  '.repeat(depth)}${span.name}`, ...under(span.spanId, depth + 1)]);
  return under(undefined, 0);
}
