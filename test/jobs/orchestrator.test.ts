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

/** Runs jobs of one directory under one id, with a client whose calls are charged to them. */
async function bench(test: TestContext) {
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
  it('runs functions, steps and groups in order, and gives each what came before', async (t) => {
    const { run, call } = await bench(t);
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
    // Plain data, as a resumed job would have it.
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

  it('goes on after the last completed step, in a generator with what was kept for those before', async (t) => {
    const { run, call, server } = await bench(t);
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
    // Once more, and nothing is run at all.
    assert.deepEqual((await run(steps, { payload: {} })).output, ['A', 'B', 'C']);
    assert.equal(server.account.length, 4);
  });

  it('stops when its budget is exhausted, keeps what there is, and goes on with more', async (t) => {
    const { run, call } = await bench(t);
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

  it('holds a step to a budget of its own, which a generator may take for granted', async (t) => {
    const { run, call } = await bench(t);
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

  it('stops at a deadline and by a signal, though a step does not listen', async (t) => {
    const { run } = await bench(t);
    const controller = new AbortController();
    const deaf = (begun: () => void = () => undefined) => [
      {
        name: 'deaf',
        run: ({ savePartial }: StepContext) => {
          savePartial('so far');
          begun();
          return new Promise<never>((_, reject) => setTimeout(reject, 20_000).unref());
        },
      },
    ];
    const keepAlive = setInterval(() => undefined, 1_000);
    t.after(() => clearInterval(keepAlive));
    const late = await run(deaf(), { deadline: new Date(Date.now() + 200), graceMs: 10 });
    assert.deepEqual(
      [late.reason, late.partial, late.error?.code],
      ['deadline', { deaf: 'so far' }, 'token_budget_job_stopped'],
    );
    const told = await run(
      deaf(() => controller.abort()),
      { signal: controller.signal, graceMs: 10 },
    );
    assert.equal(told.reason, 'signal');
    const over = await run(deaf(), {
      id: 'job-2',
      payload: { timeBudgetMinutes: 0.001 },
      wallClock: true,
      graceMs: 10,
    });
    assert.equal(over.reason, 'deadline');
  });

  it('tries a step again where that is safe, and not after a refusal or what will be said again', async (t) => {
    const { run, call } = await bench(t);
    let tries = 0;
    const flaky = (error: () => unknown, retries?: number) => ({
      name: 'flaky',
      retryDelayMs: 1,
      ...(retries === undefined ? {} : { retries }),
      run: async (context: StepContext) => {
        tries += 1;
        if (tries < 3) throw error();
        return call(context).then(() => tries);
      },
    });
    const counted = async (id: string, ...given: Parameters<typeof flaky>) => {
      tries = 0;
      const { reason } = await run([flaky(...given)], { id });
      return [reason, tries];
    };
    assert.deepEqual(await counted('again', () => new Error('reset'), 5), ['completed', 3]);
    assert.deepEqual(await counted('busy', () => Object.assign(new Error('busy'), { status: 429 }), 5), [
      'completed',
      3,
    ]);
    assert.deepEqual(await counted('few', () => new Error('reset'), 1), ['error', 2]);
    assert.deepEqual(await counted('unsafe', () => new Error('reset')), ['error', 1]);
    assert.deepEqual(
      await counted('wrong', () => Object.assign(new Error('no such model'), { status: 404 }), 5),
      ['error', 1],
    );
    const refused = Object.assign(new Error('no'), { code: 'token_budget_exceeded' });
    assert.deepEqual(await counted('refused', () => refused, 5), ['exhausted', 1]);
  });

  it('runs no more steps of a group at once than it is told to, and lets the others finish where one fails', async (t) => {
    const { run } = await bench(t);
    let [now, most] = [0, 0];
    const group = Array.from({ length: 6 }, (_, at) => ({
      name: `g${at}`,
      run: async () => {
        now += 1;
        most = Math.max(most, now);
        await turn();
        now -= 1;
        if (at === 1) throw new Error('one of them');
        return at;
      },
    }));
    const result = await run([group], { job: { concurrency: 2 } });
    assert.deepEqual([most, result.reason, Object.values(result.outputs)], [2, 'error', [0, 2, 3, 4, 5]]);
  });

  it('does not repeat a step that runs once and was interrupted, unless it is told to', async (t) => {
    const { run, directory } = await bench(t);
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

  it('is run by one at a time, also within one process', async (t) => {
    const { run, directory } = await bench(t);
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

  it('says what is wrong with it before anything runs', async (t) => {
    const { run } = await bench(t);
    const fine = { name: 'a', run: () => 1 };
    await assert.rejects(run([fine, fine]), /the name "a" stands twice/);
    await assert.rejects(run([() => 1]), /step\.name: given ""/);
    await assert.rejects(
      run([{ name: 'a' } as never]),
      /taken is a named function, or an object with name and run/,
    );
    await assert.rejects(run([fine], { id: '../etc' }), /id: given "\.\.\/etc"/);
    await assert.rejects(run([fine], { payload: { cost: 5 } }), /payload\.cost is not a field/);
    await assert.rejects(run([fine], { expect: 'resume' }), { code: 'token_budget_job_not_found' });
    await assert.rejects(run([{ ...fine, retries: -1 }]), /step "a": retries: given -1/);
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    const result = await run([{ name: 'cyclic', run: () => cyclic }]);
    assert.equal(result.error?.code, 'token_budget_step_output');
    await assert.rejects(run([fine], { expect: 'new' }), /is the id of a job/);
    await assert.rejects(run([fine], { job: { name: 'other' } }), /is a "test", not a "other"/);
    assert.throws(() => defineJob({ name: 'a b', steps: [] }), /job\.name: given "a b"/);
  });

  it('keeps its ledger in memory and itself in files where that is set, and gives nothing back', async (t) => {
    const { run, call, directory } = await bench(t);
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

  it('needs no store: the orchestrator runs steps on a tracker alone', async (t) => {
    const { call } = await bench(t);
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
