import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobResult } from '../../src/jobs/result/result.ts';
import { costOf, PriceBook, ratesFor } from '../../src/pricing/index.ts';
import { tokenUsage } from '../../src/usage/index.ts';
import { makeAppDir } from '../support/app-dir.ts';
import { type AccountEntry, startReplayServer } from '../support/replay-server.ts';
import { type RunningNode, registerPath, startNode } from '../support/run-node.ts';
import { randomOf } from '../support/spenders.ts';
import { chatExchange, directoryOf, jobsPath } from './support.ts';

const STEPS = 20;
const CALLS = 3;
const KILLS = 30;
const LIMIT_USD = 0.25;
const SEED = Number(process.env['JOB_SEED'] ?? Math.floor(Math.random() * 1_000_000));

/** Each step's calls have a different usage, so that they cannot be confused. */
const usageOf = (step: number) => ({ input: 20 + step, output: 10 + step });
const nameOf = (step: number) => `step-${step}`;
const exchanges = Array.from({ length: STEPS }, (_, at) =>
  chatExchange(nameOf(at + 1), 'on', usageOf(at + 1)),
);

test(`a job of ${STEPS} steps survives ${KILLS} kills (seed ${SEED})`, async (t) => {
  const random = randomOf(SEED);
  const directory = directoryOf(t);
  const app = makeAppDir();
  t.after(() => app.remove());
  const requests = new EventEmitter();
  const behaviour = () => {
    requests.emit('request');
    return { delayMs: random() * 20 };
  };
  const server = await startReplayServer({ exchanges, behaviour });
  t.after(() => server.close());
  const start = () =>
    startNode({
      args: ['--require', registerPath, 'job.mjs'],
      cwd: app.path,
      env: {
        REPLAY_URL: server.url,
        JOBS: jobsPath,
        STEPS: String(STEPS),
        CALLS: String(CALLS),
        DIRECTORY: directory,
        PAYLOAD: JSON.stringify({ costBudgetUsd: LIMIT_USD }),
        TOKEN_BUDGET_USD: '1000',
        OTEL_SDK_DISABLED: 'true',
      },
    });

  for (let kill = 0; kill < KILLS; kill += 1) await killLater(start(), requests, random);
  const last = await start().result;
  assert.deepEqual([last.code, last.stderr], [0, '']);
  const result = JSON.parse(last.stdout.trim().split('\n').at(-1) ?? '') as JobResult;

  assert.equal(result.reason, 'completed');
  // A process that is killed before its first checkpoint does not count as a run.
  assert.ok(result.time.runs > 1 && result.time.runs <= KILLS + 1, `${result.time.runs} runs`);
  assertStepsOnce(result, server.account);
  assertAccount(result, server.account);
  assert.ok(server.account.length > STEPS * CALLS, 'some calls were interrupted');
  t.diagnostic(
    `seed ${SEED}: ${server.account.length} calls at the service, ${result.usage.calls} answered, ` +
      `${result.interrupted.calls} interrupted, ${result.charged.costUsd} USD charged`,
  );
});

/** Kills a process at a random moment: before its first call, or some milliseconds after one of its first calls. */
async function killLater(one: RunningNode, requests: EventEmitter, random: () => number): Promise<void> {
  const calls = Math.floor(random() * 5);
  const after = random() * 25;
  await one.waitForOutput(/ready/);
  for (let call = 0; call < calls; call += 1) await once(requests, 'request');
  await sleep(after);
  one.child.kill('SIGKILL');
  const { signal, stdout } = await one.result;
  assert.equal(signal, 'SIGKILL', `the job ended before it was killed\n${stdout}`);
}

/** Asserts that every step was completed once, and that no later process made a call of it. */
function assertStepsOnce(result: JobResult, account: readonly AccountEntry[]): void {
  const names = Array.from({ length: STEPS }, (_, at) => nameOf(at + 1));
  assert.deepEqual(
    result.steps.map(({ name, state }) => [name, state]),
    names.map((name) => [name, 'completed']),
  );
  for (const name of names) {
    const calls = account.filter(({ headers }) => headers['x-step'] === name);
    const { by } = result.outputs[name] as { by: number };
    assert.equal(
      calls.at(-1)?.headers['x-process'],
      String(by),
      `the last call of ${name} is of the run that completed it`,
    );
  }
  const runs = result.steps.map(({ run }) => run);
  assert.deepEqual(
    runs,
    runs.toSorted((a, b) => a - b),
  );
}

/** Asserts that the answered calls are those of the service, and that all others are charged in full. */
function assertAccount(result: JobResult, account: readonly AccountEntry[]): void {
  const costOfStep = (step: number): number => {
    const { tiers } = new PriceBook().lookup({ model: 'gpt-5.2' });
    const usage = tokenUsage(usageOf(step));
    return costOf(usage, ratesFor(tiers, usage.input));
  };
  let [billed, unanswered, unansweredBill, answered] = [0, 0, 0, 0];
  for (let step = 1; step <= STEPS; step += 1) {
    const report = result.steps.find(({ name }) => name === nameOf(step));
    assert.ok(report);
    const atService = account.filter(({ headers }) => headers['x-step'] === nameOf(step)).length;
    const { input, output } = usageOf(step);
    assert.deepEqual(
      [report.usage.input, report.usage.output, report.costNanoUsd],
      [report.calls * input, report.calls * output, report.calls * costOfStep(step)],
    );
    assert.ok(
      report.calls >= CALLS && report.calls <= atService,
      `${report.calls} of ${atService} calls of step ${step}`,
    );
    billed += atService * costOfStep(step);
    answered += report.costNanoUsd;
    unanswered += atService - report.calls;
    unansweredBill += (atService - report.calls) * costOfStep(step);
  }
  assert.ok(
    unanswered <= result.interrupted.calls && result.interrupted.calls <= KILLS,
    `${unanswered} unanswered`,
  );
  assert.equal(answered, result.usage.costNanoUsd);
  assert.equal(
    answered + unansweredBill,
    billed,
    'answered and interrupted calls are the account of the service',
  );
  assert.ok(unansweredBill <= result.interrupted.costNanoUsd);
  assert.equal(result.charged.costNanoUsd, result.usage.costNanoUsd + result.interrupted.costNanoUsd);
  assert.ok(billed <= result.charged.costNanoUsd && result.charged.costNanoUsd <= LIMIT_USD * 1e9);
}
