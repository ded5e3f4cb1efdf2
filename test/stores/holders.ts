import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Balances, BudgetDefinition } from '../../src/budget/index.ts';
import type { RedisStore } from '../../src/stores/redis/redis-store.ts';
import { eventually } from '../support/eventually.ts';
import { type NodeResult, startNode } from '../support/run-node.ts';

export interface HoldersRun {
  /** The program of each process, which prints what it is about to settle, a line each. */
  readonly script: string;
  readonly url: string;
  readonly store: RedisStore;
  readonly budget: BudgetDefinition;
  readonly processes: number;
  /** How many of them are killed, each once it has printed so many lines. */
  readonly kills: number;
  readonly killAfterLines: number;
  readonly leaseMs: number;
}

/**
 * Runs processes that spend one budget until it is used up, kills some of them, and checks all the while that
 * the limit of tokens is not exceeded.
 * @returns how they ended, what they printed as settled, and the balances once the leases of the dead have
 * ended
 */
export async function runHolders(
  run: HoldersRun,
): Promise<{ results: NodeResult[]; spent: number; balances: Balances }> {
  const { budget, store } = run;
  const limit = budget.limits.tokens ?? 0;
  const holders = Array.from({ length: run.processes }, () =>
    startNode({
      args: ['--input-type=module', '--eval', run.script],
      env: { URL: run.url, BUDGET: JSON.stringify(budget) },
    }),
  );
  for (const holder of holders.slice(0, run.kills)) {
    void holder.waitForOutput(new RegExp(`(\\d+\\n){${run.killAfterLines}}`)).then(
      () => holder.child.kill('SIGKILL'),
      () => {},
    );
  }
  let running = true;
  const watch = (async () => {
    while (running) {
      const { settled, reserved } = await store.balances(budget);
      assert.ok(settled.tokens + reserved.tokens <= limit, 'above the limit');
      await sleep(5);
    }
  })();
  const results = await Promise.all(holders.map(({ result }) => result));
  running = false;
  await watch;
  const settled = results.flatMap(({ stdout }) => stdout.trim().split('\n').map(Number));
  const spent = settled.reduce((sum, one) => sum + one, 0);
  const balances = await eventually(
    'nothing is left reserved, once the leases of the dead are over',
    async () => {
      const seen = await store.balances(budget);
      return seen.reserved.tokens === 0 && seen.open === 0 && seen;
    },
  );
  assert.ok(balances.settled.tokens >= spent, 'what a dead process spent is charged');
  assert.ok(balances.settled.tokens <= limit, `${balances.settled.tokens} of ${limit}`);
  return { results, spent, balances };
}
