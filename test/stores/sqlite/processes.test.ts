import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Amounts, addAmounts, defineBudget, NOTHING } from '../../../src/budget/index.ts';
import { SqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { eventually } from '../../support/eventually.ts';
import { NODE, NODE_22, type RunningNode, startNode } from '../../support/run-node.ts';
import { assertBalances, HELD, job, request, team, tokens } from '../contract-support.ts';

const LIMIT = 2_000_000;
const LEASE_MS = 800;

const shared = defineBudget({ name: 'shared', limits: { tokens: LIMIT } });
const above = defineBudget({ name: 'above', limits: { tokens: LIMIT * 10 } });

/** What a worker prints. */
interface Done {
  readonly settled: Amounts;
  readonly calls: number;
  readonly denied: number;
  readonly highest: number;
}

describe('the SQLite store, shared by processes,', { timeout: 120_000 }, () => {
  let directory: string;
  let path: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'otel-token-budget-processes-'));
    path = join(directory, 'ledger.db');
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  function startWorker(
    name: string,
    given: { node?: string; holds?: boolean; forever?: boolean } = {},
  ): RunningNode {
    const { node = NODE, holds = false, forever = false } = given;
    const flags = { ...(holds ? { HOLDS: '1' } : {}), ...(forever ? { FOREVER: '1' } : {}) };
    const env = {
      LEDGER: path,
      NAME: name,
      LIMIT: String(forever ? 1e12 : LIMIT),
      LEASE: String(LEASE_MS),
      ...flags,
    };
    return startNode({ node, args: ['--no-warnings', '--input-type=module', '--eval', WORKER], env });
  }

  it('never exceeds the limit, and adds up, whatever they do at once on a new file', async () => {
    const workers = Array.from({ length: 6 }, (_, index) =>
      startWorker(`worker ${index}`, { node: index === 0 ? NODE_22 : NODE }),
    );
    const results = await Promise.all(workers.map(({ result }) => result));
    for (const { code, stderr } of results) assert.deepEqual([code, stderr], [0, '']);
    const done = results.map(({ stdout }) => JSON.parse(stdout) as Done);
    const settled = done.reduce((sum, one) => addAmounts(sum, one.settled), NOTHING);
    for (const { denied, highest } of done) {
      assert.ok(denied > 0, 'worked until it was denied');
      assert.ok(highest <= LIMIT, `${highest} of ${LIMIT}`);
    }
    assert.ok(settled.tokens > LIMIT * 0.9 && settled.tokens <= LIMIT, `${settled.tokens} of ${LIMIT}`);
    const store = new SqliteStore(path);
    for (const budget of [shared, above]) await assertBalances(store, budget, { settled });
    await store.close();
  });

  it('charges what a killed process had reserved in full after its lease', async () => {
    const holder = startWorker('holder', { holds: true });
    await holder.waitForOutput(/holds/);
    const store = new SqliteStore(path);
    // It keeps its reservation for as long as it lives, which only time shows.
    await sleep(2 * LEASE_MS);
    for (const budget of [job, team]) await assertBalances(store, budget, { reserved: HELD, open: 1 });
    holder.child.kill('SIGKILL');
    await holder.result;
    await assertBalances(store, job, { reserved: HELD, open: 1 });
    await eventually('its lease is over', async () => (await store.balances(job)).open === 0);
    for (const budget of [job, team]) await assertBalances(store, budget, { settled: HELD });
    assert.equal(await store.settle('holder holds', tokens(1)), false);
    assert.ok((await store.reserve([job, team], request('next'))).admitted);
    await store.close();
  });

  it('keeps what was settled by processes that are killed while they work', async () => {
    for (let round = 0; round < 3; round += 1) {
      const workers = ['a', 'b', 'c'].map((name) => startWorker(`${round} ${name}`, { forever: true }));
      await Promise.all(workers.map((one) => one.waitForOutput(/\n/)));
      await sleep(20 + Math.random() * 100);
      for (const { child } of workers) child.kill('SIGKILL');
      await Promise.all(workers.map(({ result }) => result));
      // Each printed, after every settlement, how much it had settled in total.
      const printed = workers.map((one) => Number(one.stdout().trimEnd().split('\n').at(-1)));
      const least = printed.reduce((sum, one) => sum + one, before(round));
      const store = new SqliteStore(path);
      const { settled, reserved, open } = await eventually('the leases of the dead are over', async () => {
        const balances = await store.balances(shared);
        return balances.open === 0 && balances;
      });
      assert.ok(settled.tokens >= least, `round ${round}: ${settled.tokens} of ${least}`);
      assert.deepEqual([reserved, open], [NOTHING, 0]);
      assert.deepEqual((await store.balances(above)).settled, settled);
      kept.push(settled.tokens);
      await store.close();
    }
  });

  const kept: number[] = [];
  const before = (round: number): number => kept[round - 1] ?? 0;
});

/**
 * Spends in ten parallel tasks until it is denied; or holds one reservation; or spends until it is killed,
 * printing how much.
 */
const WORKER = `
  const { SqliteStore } = await import('./src/stores/sqlite/sqlite-store.ts');
  const { defineBudget, NOTHING, addAmounts } = await import('./src/budget/index.ts');
  const { writeSync } = await import('node:fs');
  const { setTimeout: sleep } = await import('node:timers/promises');
  const { LEDGER, NAME, HOLDS, FOREVER } = process.env;
  const limit = Number(process.env.LIMIT);
  const leaseMs = HOLDS || FOREVER ? Number(process.env.LEASE) : 60_000;
  const store = new SqliteStore(LEDGER, { busyTimeoutMs: 30_000 });
  const budget = (name, tokens) => defineBudget({ name, limits: { tokens } });
  const request = (id, given) => ({
    id, leaseMs, fixed: { costNanoUsd: 7, tokens: 10, calls: 1 }, outputPicoUsd: 0, choices: 1, outputCap: 50,
    capped: true, ...given,
  });
  if (HOLDS) {
    await store.reserve([budget('job', 1_000), budget('team', 5_000)], request(NAME + ' holds'));
    console.log('holds');
    setInterval(() => store.heartbeat([NAME + ' holds'], leaseMs), leaseMs / 5);
  } else {
    const chain = [budget('shared', limit), budget('above', limit * 10)];
    let settled = NOTHING;
    let calls = 0, denied = 0, highest = 0;
    const task = async (task) => {
      for (let misses = 0; misses < 3; ) {
        const id = NAME + ' ' + task + ' ' + (calls += 1);
        const admission = await store.reserve(chain, request(id, { outputCap: 4_000, capped: task % 2 === 0 }));
        if (!admission.admitted) {
          denied += 1;
          misses += 1;
          await sleep(5);
          continue;
        }
        if (Math.random() < 0.3) await sleep(Math.random() * 3);
        if (Math.random() < 0.1) await store.grow(chain, id, { costNanoUsd: 1, tokens: 30, calls: 0 });
        const used = { ...admission.reserved, tokens: Math.ceil(admission.reserved.tokens * (0.3 + 0.7 * Math.random())) };
        if (!(await store.settle(id, used))) {
          if (FOREVER) continue;
          throw new Error('was charged by another');
        }
        settled = addAmounts(settled, used);
        const balances = await store.balances(chain[0]);
        highest = Math.max(highest, balances.settled.tokens + balances.reserved.tokens);
        if (FOREVER) writeSync(1, settled.tokens + '\\n');
      }
    };
    await Promise.all(Array.from({ length: 10 }, (_, index) => task(index)));
    console.log(JSON.stringify({ settled, calls, denied, highest }));
    await store.close();
  }`;
