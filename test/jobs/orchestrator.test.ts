import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { instrumentClient } from '../../src/clients/openai-sdk/instrument-client.ts';
import { defineJob, type JobDefinition, type StepContext, type Steps } from '../../src/jobs/definition.ts';
import { LongRunningOrchestrator } from '../../src/jobs/orchestrator.ts';
import type { JobResult } from '../../src/jobs/result/result.ts';
import { type RunJobOptions, runJob } from '../../src/jobs/run-job.ts';
import { listJobs } from '../../src/jobs/state/registry.ts';
import { ask, chatExchange, directoryOf, serviceOf, trackerOf } from './support.ts';

const ONE = chatExchange('one', 'on', { input: 40, output: 50 });

/** Sets up one directory, one job id, and a client whose calls are charged to the job. */
async function setUp(test: TestContext) {
  const directory = directoryOf(test);
  const service = await serviceOf(test, [ONE]);
  const client = instrumentClient(service.client(), { tracker: trackerOf({ calls: 0 }) });
  const call = (context: StepContext) => ask(client, 'one', context.signal);
  const run = (
    steps: Steps,
    options: RunJobOptions & { payload?: object; job?: Partial<JobDefinition> } = {},
  ): Promise<JobResult> =>
    runJob({ name: 'test', steps, ...options.job }, options.payload ?? { costBudgetUsd: 1 }, {
      id: 'job-1',
      directory,
      handleSignals: false,
      unit: 'cost',
      ...options,
    });
  return { directory, call, run, server: service.server };
}

describe('a job', () => {
  it('runs functions, steps and groups in order, and passes each the outputs before it', async (t) => {
    const { run, call } = await setUp(t);
    const seen: unknown[] = [];
    async function first({ input }: StepContext) {
      return { input, when: new Date(0) };
    }
    const result = await run(
      [
        first,
        [
          { name: 'left', run: async (context) => (await call(context)).id },
          { name: 'right', run: async (context) => (await call(context)).id, kind: 'tool' },
        ],
        { name: 'last', run: ({ outputs }) => seen.push(outputs) && Object.keys(outputs) },
      ],
      { input: { topic: 'tides' } },
    );
    assert.deepEqual(
      [result.reason, result.completed, result.output],
      ['completed', true, ['first', 'left', 'right']],
    );
    // Plain data, as a resumed job would get it.
    assert.deepEqual(seen, [
      {
        first: { input: { topic: 'tides' }, when: '1970-01-01T00:00:00.000Z' },
        left: 'chatcmpl-one',
        right: 'chatcmpl-one',
      },
    ]);
    assert.deepEqual([result.charged.calls, result.usage.calls, result.interrupted.calls], [2, 2, 0]);
    assert.deepEqual([result.usage.usage.input, result.usage.usage.output], [80, 100]);
    assert.equal(result.byModel['gpt-5.2']?.costNanoUsd, result.charged.costNanoUsd);
    assert.deepEqual(
      result.steps.map(({ name, calls }) => [name, calls]),
      [
        ['first', 0],
        ['left', 1],
        ['right', 1],
        ['last', 0],
      ],
    );
    assert.ok(
      (result.efficiency.costPerStepUsd ?? 0) > 0 && (result.efficiency.outputTokensPerSecond ?? 0) > 0,
    );
    assert.equal(result.efficiency.cacheHitShare, 0);
  });

  it('resumes a generator after the last completed step, and passes it the saved outputs', async (t) => {
    const { run, call, server } = await setUp(t);
    const ran: string[] = [];
    let broken = true;
    function* steps() {
      const texts: unknown[] = [];
      for (const name of ['a', 'b', 'c']) {
        texts.push(
          yield {
            name,
            run: async (context: StepContext) => {
              ran.push(name);
              await call(context);
              context.savePartial(`half of ${name}`);
              if (name === 'b' && broken) throw new Error('The disk is full.');
              return name.toUpperCase();
            },
          },
        );
      }
      return texts;
    }
    const stopped = await run(steps);
    assert.deepEqual(
      [stopped.reason, stopped.error?.message, stopped.output],
      ['error', 'The disk is full.', undefined],
    );
    assert.deepEqual([stopped.outputs, stopped.partial], [{ a: 'A' }, { b: 'half of b' }]);
    broken = false;
    const result = await run(steps, { expect: 'resume', payload: {} });
    assert.deepEqual([result.reason, result.output, result.partial], ['completed', ['A', 'B', 'C'], {}]);
    assert.deepEqual(ran, ['a', 'b', 'b', 'c']);
    assert.deepEqual([result.charged.calls, result.usage.calls, result.time.runs], [4, 4, 2]);
    assert.deepEqual(
      result.steps.map(({ run: of, calls }) => [of, calls]),
      [
        [1, 1],
        [2, 2],
        [2, 1],
      ],
    );
    assert.equal(server.account.length, 4);
    // A completed job runs no step again.
    assert.deepEqual((await run(steps, { payload: {} })).output, ['A', 'B', 'C']);
    assert.equal(server.account.length, 4);
  });

  it('stops when its budget is exhausted, saves partial outputs, and resumes with a larger budget', async (t) => {
    const { run, call } = await setUp(t);
    const steps = [1, 2, 3, 4, 5, 6].map((number) => ({
      name: `s${number}`,
      run: async (context: StepContext) => {
        context.savePartial('begun');
        await call(context);
        return number;
      },
    }));
    const stopped = await run(steps, { payload: { tokenBudget: 300 } });
    assert.equal(stopped.reason, 'exhausted');
    assert.equal(stopped.error?.code, 'token_budget_exceeded');
    assert.equal(stopped.deniedCalls, 1);
    assert.ok(stopped.charged.tokens <= 300);
    assert.deepEqual(Object.values(stopped.partial), ['begun']);
    const raised = await run(steps, { payload: { tokenBudget: 2_000 } });
    assert.deepEqual(
      [raised.reason, raised.charged.tokens, raised.budget.limits],
      ['completed', 540, { tokens: 2_000 }],
    );
  });

  it('limits a step by a budget of its own, whose error a generator can catch', async (t) => {
    const { run, call } = await setUp(t);
    function* steps() {
      let text = 'all of it';
      try {
        yield {
          name: 'greedy',
          budget: { calls: 2 },
          run: async (context: StepContext) => {
            for (;;) await call(context);
          },
        };
      } catch (error) {
        text = (error as { code: string }).code;
      }
      yield { name: 'after', run: call };
      return text;
    }
    const result = await run(steps);
    assert.deepEqual(
      [result.reason, result.output, result.charged.calls],
      ['completed', 'token_budget_exceeded', 3],
    );
    assert.equal(result.steps.find(({ name }) => name === 'greedy')?.state, 'unfinished');
  });

  it('stops at a deadline and by a signal, even if a step ignores its signal', async (t) => {
    const { run } = await setUp(t);
    const controller = new AbortController();
    const stubborn = (begun: () => void = () => undefined) => [
      {
        name: 'stubborn',
        run: ({ savePartial }: StepContext) => {
          savePartial('so far');
          begun();
          return new Promise<never>((_, reject) => setTimeout(reject, 20_000).unref());
        },
      },
    ];
    const keepAlive = setInterval(() => undefined, 1_000);
    t.after(() => clearInterval(keepAlive));
    const late = await run(stubborn(), { deadline: new Date(Date.now() + 200), graceMs: 10 });
    assert.deepEqual(
      [late.reason, late.partial, late.error?.code],
      ['deadline', { stubborn: 'so far' }, 'token_budget_job_stopped'],
    );
    const aborted = await run(
      stubborn(() => controller.abort()),
      { signal: controller.signal, graceMs: 10 },
    );
    assert.equal(aborted.reason, 'signal');
    const over = await run(stubborn(), {
      id: 'job-2',
      payload: { timeBudgetMinutes: 0.001 },
      wallClock: true,
      graceMs: 10,
    });
    assert.equal(over.reason, 'deadline');
  });

  it('retries a step that declares retries, but not after a denial or a permanent error', async (t) => {
    const { run, call } = await setUp(t);
    let attempts = 0;
    const flaky = (error: () => unknown, retries?: number) => ({
      name: 'flaky',
      retryDelayMs: 1,
      ...(retries === undefined ? {} : { retries }),
      run: async (context: StepContext) => {
        attempts += 1;
        if (attempts < 3) throw error();
        return call(context).then(() => attempts);
      },
    });
    const outcomeOf = async (id: string, ...step: Parameters<typeof flaky>) => {
      attempts = 0;
      const { reason } = await run([flaky(...step)], { id });
      return [reason, attempts];
    };
    assert.deepEqual(await outcomeOf('reset', () => new Error('reset'), 5), ['completed', 3]);
    assert.deepEqual(await outcomeOf('busy', () => Object.assign(new Error('busy'), { status: 429 }), 5), [
      'completed',
      3,
    ]);
    assert.deepEqual(await outcomeOf('few', () => new Error('reset'), 1), ['error', 2]);
    assert.deepEqual(await outcomeOf('unsafe', () => new Error('reset')), ['error', 1]);
    assert.deepEqual(
      await outcomeOf('permanent', () => Object.assign(new Error('no such model'), { status: 404 }), 5),
      ['error', 1],
    );
    const denied = Object.assign(new Error('no'), { code: 'token_budget_exceeded' });
    assert.deepEqual(await outcomeOf('denied', () => denied, 5), ['exhausted', 1]);
  });

  it('limits how many steps of a group run at once, and lets the others finish when one fails', async (t) => {
    const { run } = await setUp(t);
    let [running, maxRunning] = [0, 0];
    const group = Array.from({ length: 6 }, (_, at) => ({
      name: `g${at}`,
      run: async () => {
        running += 1;
        maxRunning = Math.max(maxRunning, running);
        await turn();
        running -= 1;
        if (at === 1) throw new Error('one of them');
        return at;
      },
    }));
    const result = await run([group], { job: { concurrency: 2 } });
    assert.deepEqual(
      [maxRunning, result.reason, Object.values(result.outputs)],
      [2, 'error', [0, 2, 3, 4, 5]],
    );
  });

  it('repeats an interrupted once step only if repeat names it', async (t) => {
    const { run, directory } = await setUp(t);
    let sent = 0;
    const send = [
      {
        name: 'send',
        once: true,
        run: () => {
          sent += 1;
          if (sent === 1) throw new Error('no answer');
          return 'sent';
        },
      },
    ];
    assert.equal((await run(send)).error?.message, 'no answer');
    const stopped = await run(send);
    assert.deepEqual(
      [stopped.reason, stopped.error?.code, sent],
      ['error', 'token_budget_step_interrupted', 1],
    );
    assert.deepEqual((await run(send, { repeat: ['send'] })).outputs, { send: 'sent' });
    assert.deepEqual(
      (await listJobs({ directory })).map(({ job, state, stepsCompleted, runs }) => [
        job,
        state,
        stepsCompleted,
        runs,
      ]),
      [['job-1', 'completed', 1, 3]],
    );
  });

  it('is run by one caller at a time, even within one process', async (t) => {
    const { run, directory } = await setUp(t);
    const begun = Promise.withResolvers<void>();
    const over = Promise.withResolvers<void>();
    const slow = [
      {
        name: 'slow',
        run: () => {
          begun.resolve();
          return over.promise;
        },
      },
    ];
    const first = run(slow);
    await begun.promise;
    assert.deepEqual(
      (await listJobs({ directory })).map(({ state }) => state),
      ['running'],
    );
    await assert.rejects(run(slow), { code: 'token_budget_job_running' });
    over.resolve();
    assert.equal((await first).reason, 'completed');
  });

  it('rejects an invalid definition or option before anything runs', async (t) => {
    const { run } = await setUp(t);
    const fine = { name: 'a', run: () => 1 };
    await assert.rejects(run([fine, fine]), /job\.steps: got two steps named "a", expected different names/);
    await assert.rejects(run([() => 1]), /step\.name: got "", expected 1 to 100 letters/);
    await assert.rejects(
      run([{ name: 'a' } as never]),
      /job\.steps: got object, expected a named function, or an object with name and run/,
    );
    await assert.rejects(run([fine], { id: '../etc' }), /id: got "\.\.\/etc", expected 1 to 100 letters/);
    await assert.rejects(
      run([fine], { payload: { cost: 5 } }),
      /payload: unknown field "cost"\. Known fields: timeBudgetMinutes/,
    );
    await assert.rejects(run([fine], { expect: 'resume' }), { code: 'token_budget_job_not_found' });
    await assert.rejects(
      run([{ ...fine, retries: -1 }]),
      /step "a": retries: got -1, expected a whole number from 0 to 100/,
    );
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    const result = await run([{ name: 'cyclic', run: () => cyclic }]);
    assert.equal(result.error?.code, 'token_budget_step_output');
    await assert.rejects(run([fine], { expect: 'new' }), /is the id of a job/);
    await assert.rejects(run([fine], { job: { name: 'other' } }), /is a "test", not a "other"/);
    assert.throws(
      () => defineJob({ name: 'a b', steps: [] }),
      /job\.name: got "a b", expected 1 to 100 letters/,
    );
  });

  it('keeps its ledger in memory and its checkpoints in files with store: memory, and restores its spending', async (t) => {
    const { run, call, directory } = await setUp(t);
    let broken = true;
    const steps = [
      { name: 'a', run: call },
      {
        name: 'b',
        run: async (context: StepContext) => {
          await call(context);
          if (broken) throw new Error('stop');
        },
      },
    ];
    const first = await run(steps, { store: 'memory' });
    assert.equal(first.charged.calls, 2);
    assert.ok(readdirSync(join(directory, 'job-1')).includes('checkpoint-000000001.json'));
    broken = false;
    const second = await run(steps, { store: 'memory' });
    assert.deepEqual([second.charged.calls, second.usage.calls, second.interrupted.calls], [3, 3, 0]);
  });

  it('needs no store: the orchestrator runs steps on only a tracker', async (t) => {
    const { call } = await setUp(t);
    const tracker = trackerOf({ tokens: 10_000 });
    const result = await new LongRunningOrchestrator({ job: 'alone', tracker }).run([
      { name: 'a', run: call },
    ]);
    assert.deepEqual(
      [result.reason, result.charged.tokens, tracker.remaining],
      ['completed', 90, { tokens: 9_910 }],
    );
  });
});
