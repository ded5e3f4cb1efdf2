import { setTimeout as sleep } from 'node:timers/promises';
import { defineBudget } from '../../src/budget/index.ts';
import { openStore } from '../../src/stores/index.ts';
import { makeAppDir } from '../support/app-dir.ts';
import { eventually } from '../support/eventually.ts';
import { parseObject } from '../support/json.ts';
import { type NodeResult, type RunningNode, registerPath, startNode } from '../support/run-node.ts';
import { startService } from '../support/spenders.ts';
import { CONDITIONS, type Condition } from './conditions.ts';
import { type Ground, openGround, stateDirectory } from './ground.ts';
import type { Plan } from './plan.ts';

/** For how long the weather lasts at most; after it, processes can end their work. Milliseconds. */
const WEATHER_MS = 8_000;

/** How long calls wait for the store before they are sent without it, milliseconds. */
const OPEN_WAIT_MS = 300;

/** A process that has not ended by then hangs, milliseconds. */
const PROCESS_MS = 120_000;

/** The most that a call of a spender may cost: 120 output tokens, and a bound of its few words, nano-USD. */
const WORST_NANO_USD = 2_000_000;

/** What a round came to. */
export interface Outcome {
  readonly plan: Plan;
  /** By the service's account, nano-USD. */
  readonly billed: number;
  /** By the ledger, nano-USD. */
  readonly settled: number;
  /** That the service answered. */
  readonly calls: number;
  /** Calls that were refused or failed, by the error's code. */
  readonly errors: Readonly<Record<string, number>>;
  /** What did not hold. */
  readonly failures: readonly string[];
  /** What the processes wrote to stderr. */
  readonly stderr: string;
}

/** Lets processes spend one budget in the weather of the plan, and compares the ledger with the service's account. */
export async function runRound(plan: Plan): Promise<Outcome> {
  const app = makeAppDir();
  const service = await startService(plan.randomFor('service'));
  const ground = await openGround(plan.store, app.path);
  try {
    const limits = { costUsd: plan.limitNanoUsd / 1e9 };
    const config = app.write(
      'budget.json',
      JSON.stringify({
        name: 'shared',
        mode: 'strict',
        limits,
        store: ground.setting,
        localQuota: ground.localQuota,
        leaseMs: plan.leaseMs,
        failurePolicy: plan.failurePolicy,
        // So that calls are sent without the store.
        ...(plan.failurePolicy === 'open' ? { storeWaitMs: OPEN_WAIT_MS } : {}),
      }),
    );
    const spenders = Array.from({ length: plan.processes }, (_, index) =>
      startSpender(plan, index, { cwd: app.path, url: service.url, config }),
    );
    const results = await weather(plan, ground, spenders, app.path);
    const { settled, failure } = await settledAtRest(plan, ground, app.path);
    const { billed, calls } = service.account;
    const errors = countErrors(results);
    const outcome = {
      plan,
      billed,
      calls,
      settled,
      errors,
      stderr: results.map((one) => one.stderr).join(''),
    };
    return { ...outcome, failures: [...failure, ...check(outcome, results)] };
  } finally {
    await service.close();
    await ground.close();
    app.remove();
  }
}

function startSpender(
  plan: Plan,
  index: number,
  { cwd, url, config }: { cwd: string; url: string; config: string },
): RunningNode {
  const more = plan.conditions.map((name) =>
    (CONDITIONS[name] as Condition).env?.(plan.randomFor(`${name} of ${index}`), cwd),
  );
  return startNode({
    args: ['--require', registerPath, 'spender.mjs'],
    cwd,
    timeoutMs: PROCESS_MS,
    env: {
      REPLAY_URL: url,
      WORKERS: String(plan.workers),
      MAX_CALLS: String(plan.maxCalls),
      TOKEN_BUDGET_CONFIG: config,
      OTEL_SDK_DISABLED: 'true',
      XDG_STATE_HOME: `${cwd}/state`,
      ...Object.assign({}, ...more),
    },
  });
}

/** Makes the weather from when the first process is at work until all have ended, or its time is over. */
async function weather(
  plan: Plan,
  ground: Ground,
  spenders: readonly RunningNode[],
  directory: string,
): Promise<readonly NodeResult[]> {
  const over = new AbortController();
  const results = Promise.all(spenders.map(({ result }) => result));
  await Promise.race([results, ...spenders.map((one) => one.waitForOutput(/ready/).catch(() => {}))]);
  const scene = { ground, spenders, directory, signal: over.signal };
  const acts = plan.conditions.map((name) =>
    (CONDITIONS[name] as Condition).act?.({ ...scene, random: plan.randomFor(name) }),
  );
  await Promise.race([results, sleep(WEATHER_MS, undefined, { signal: over.signal }).catch(() => {})]);
  over.abort();
  await Promise.all(acts);
  return await results;
}

/** Opens the store again, which books what the journals hold, and reads the ledger once nothing is owed or open any more. */
async function settledAtRest(
  plan: Plan,
  ground: Ground,
  directory: string,
): Promise<{ readonly settled: number; readonly failure: readonly string[] }> {
  const budget = defineBudget({ name: 'shared', limits: { costUsd: plan.limitNanoUsd / 1e9 } });
  const store = openStore({
    store: ground.setting,
    localQuota: false,
    stateDirectory: stateDirectory(directory),
  });
  let last = 0;
  try {
    await eventually(
      'nothing is owed or open',
      async () => {
        const { settled, open } = await store.balances(budget);
        last = settled.costNanoUsd;
        if (open > 0) throw new Error(`${open} open`);
        const journals = ground.journals();
        if (journals.length > 0) throw new Error(`journals that nobody booked: ${journals}`);
        return true;
      },
      plan.leaseMs + 20_000,
    );
    return { settled: last, failure: [] };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
    return { settled: last, failure: [`${error instanceof Error ? error.message : error}${cause}`] };
  } finally {
    await store.close();
  }
}

function countErrors(results: readonly NodeResult[]): Record<string, number> {
  const sum: Record<string, number> = {};
  const add = (code: string, count: unknown): void => {
    if (typeof count === 'number' && count > 0) sum[code] = (sum[code] ?? 0) + count;
  };
  for (const { stdout } of results) {
    // Nothing of a process that was killed.
    const printed = parseObject(stdout.slice(stdout.indexOf('{')));
    add('token_budget_exceeded', printed?.['refused']);
    for (const [code, count] of Object.entries(Object(printed?.['errors']))) add(code, count);
  }
  return sum;
}

/**
 * What has to hold: in any weather, some calls are made, and the ledger knows of all of the bill; each process ends by itself
 * unless it was killed. Unless calls are sent without the store, bill and ledger are within the limit. In weather that passes, at least half of the limit is
 * spent, and the ledger has no more than the bill, except for the worst case of each call that was refused because the store did not
 * answer (its reservation may have been made, and be charged when its lease ends) or whose connection broke (it may have been
 * billed).
 */
function check(
  { plan, billed, settled, calls, errors }: Omit<Outcome, 'failures'>,
  results: readonly NodeResult[],
): readonly string[] {
  const failures: string[] = [];
  if (calls === 0) failures.push('no call was made');
  if (settled < billed) failures.push(`settled ${settled}, expected at least ${billed}`);
  if (plan.failurePolicy === 'closed') {
    for (const [what, amount] of Object.entries({ billed, settled }))
      if (amount > plan.limitNanoUsd)
        failures.push(`${what} ${amount}, expected at most ${plan.limitNanoUsd}`);
  }
  for (const { code, signal, stderr } of results) {
    const wasKilled = signal === 'SIGKILL' && plan.conditions.includes('kills');
    if (code !== 0 && !wasKilled) failures.push(`a process ended with ${signal ?? code}: ${stderr}`);
  }
  if (!plan.isPassing) return failures;
  const unsure = (errors['token_budget_store_unavailable'] ?? 0) + (errors['APIConnectionError'] ?? 0);
  const most = billed + unsure * WORST_NANO_USD;
  if (settled > most) failures.push(`settled ${settled}, expected at most ${most}`);
  if (billed < plan.limitNanoUsd / 2)
    failures.push(`billed ${billed}, expected half of ${plan.limitNanoUsd}`);
  return failures;
}
