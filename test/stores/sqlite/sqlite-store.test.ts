import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { defineBudget, NOTHING, type SettledBalances, StoreError } from '../../../src/budget/index.ts';
import { SqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { NODE, NODE_22, runNode } from '../../support/run-node.ts';
import { assertBalances, HELD, HOUR, job, request, team, tokens } from '../contract-support.ts';

const DAY = 24 * HOUR;

describe('the SQLite store', () => {
  let directory: string;
  let path: string;
  let now: number;
  let stores: SqliteStore[];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'otel-token-budget-sqlite-'));
    path = join(directory, 'ledger.db');
    now = Date.UTC(2026, 0, 1, 12);
    stores = [];
  });

  afterEach(async () => {
    for (const store of stores) await store.close();
    rmSync(directory, { recursive: true, force: true });
  });

  function open(): SqliteStore {
    const store = new SqliteStore(path, { now: () => now });
    stores.push(store);
    return store;
  }

  it('answers at once if the file is free', () => {
    const store = open();
    assert.ok(!(store.reserve([job], request('a')) instanceof Promise));
    assert.equal(store.settle('a', tokens(1)), true);
    assert.ok(!(store.balances(job) instanceof Promise));
    assert.equal(store.charge([job], tokens(1)), undefined);
    assert.equal(store.heartbeat(['a'], 1), undefined);
    assert.equal(store.close(), undefined);
  });

  it('touches nothing before its first use, and leaves one file, for its owner alone', async () => {
    const store = open();
    assert.deepEqual(readdirSync(directory), []);
    await store.charge([job], tokens(1));
    assert.deepEqual(readdirSync(directory).sort(), ['ledger.db', 'ledger.db-shm', 'ledger.db-wal']);
    for (const file of readdirSync(directory))
      assert.equal(statSync(join(directory, file)).mode & 0o777, 0o600);
    await store.close();
    assert.deepEqual(readdirSync(directory), ['ledger.db']);
  });

  for (const [name, node] of [
    ['Node 22', NODE_22],
    ["the package's Node", NODE],
  ] as const) {
    it(`is silent on ${name}, and suppresses no other warning`, async () => {
      const script = `
        const { SqliteStore } = await import('./src/stores/sqlite/sqlite-store.ts');
        const { emitWarning } = process;
        const store = new SqliteStore(process.env.LEDGER);
        const budget = { name: 'b', limits: {}, mode: 'observe', maxShare: 1, minOutputTokens: 1 };
        store.charge([budget], { costNanoUsd: 1, tokens: 2, calls: 3 });
        console.log(JSON.stringify(store.balances(budget).settled), process.emitWarning === emitWarning);
        process.emitWarning('one of the application', 'ExperimentalWarning');`;
      const args = ['--input-type=module', '--eval', script];
      const { code, stdout, stderr } = await runNode({ node, args, env: { LEDGER: path } });
      assert.equal(code, 0, stderr);
      assert.equal(stdout, '{"costNanoUsd":1,"tokens":2,"calls":3} true\n');
      assert.match(stderr, /one of the application/);
      assert.doesNotMatch(stderr, /SQLite/);
    });
  }

  it('reports that Node is run without its SQLite', async () => {
    const script = `
      const { SqliteStore } = await import('./src/stores/sqlite/sqlite-store.ts');
      await new SqliteStore(process.env.LEDGER).settle('a', {}).catch((error) => console.log(String(error)));`;
    const args = ['--no-experimental-sqlite', '--input-type=module', '--eval', script];
    const { code, stdout, stderr } = await runNode({ args, env: { LEDGER: path } });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^StoreError: This Node has no node:sqlite/);
  });

  it('charges in full at the moment that a lease ends, and not before', async () => {
    const store = open();
    await store.reserve([job, team], request('a', { leaseMs: 1_000 }));
    now += 999;
    await assertBalances(store, job, { reserved: HELD, open: 1 });
    now += 1;
    await assertBalances(store, job, { settled: HELD });
    assert.equal(await store.settle('a', NOTHING), false);
  });

  it('reports the balances of the chain with a settlement, unless a lease has ended', async () => {
    const store = open();
    for (const id of ['a', 'b']) await store.reserve([job, team], request(id));
    await store.reserve([team], request('dies', { leaseMs: 1_000 }));
    const settle = async (id: string): Promise<unknown[]> => {
      const seen: SettledBalances = new Map();
      await store.settle(id, tokens(3), seen);
      return [...seen];
    };
    const seen = await settle('a');
    assert.deepEqual(seen, [
      ['job', await store.balances(job)],
      ['team', await store.balances(team)],
    ]);
    assert.deepEqual(await settle('a'), []);
    now += 1_000;
    assert.deepEqual((await settle('b')).length, 1);
    await assertBalances(store, team, { settled: { costNanoUsd: 7, tokens: 66, calls: 3 } });
  });

  it('ends many leases at once', async () => {
    const store = open();
    const wide = defineBudget({ name: 'wide', limits: {}, mode: 'observe' });
    for (let call = 0; call < 2_000; call += 1) {
      await store.reserve([wide], request(`call ${call}`, { leaseMs: 1_000 + call }));
    }
    now += 2_499;
    const { settled, open: calls } = await store.balances(wide);
    assert.deepEqual([settled.calls, calls], [1_500, 500]);
  });

  it('forgets a window after a thousand others, but not while a reservation is open', async () => {
    const window = { per: 'hour', timeZone: 'UTC' } as const;
    const hourly = defineBudget({ name: 'hourly', limits: {}, window });
    const held = defineBudget({ name: 'held', limits: {}, window });
    const store = open();
    const first = now;
    await store.charge([hourly, held, job], tokens(5));
    await store.reserve([held], request('long', { leaseMs: 100 * DAY }));
    for (let windows = 1; windows < 1_000; windows += 1) {
      now += HOUR;
      await store.charge([hourly, held], tokens(1));
    }
    now = first;
    await assertBalances(store, hourly, { settled: tokens(5) });
    now = first + 1_000 * HOUR;
    await store.charge([hourly, held], tokens(1));
    now = first;
    await assertBalances(store, hourly, {});
    await assertBalances(store, held, { settled: tokens(5), reserved: HELD, open: 1 });
    await assertBalances(store, job, { settled: tokens(5) });
  });

  it('keeps the present window, and its spending, when a clock is wrong once', async () => {
    const window = { per: 'day', timeZone: 'UTC' } as const;
    const daily = defineBudget({ name: 'daily', limits: { tokens: 100 }, window });
    const store = open();
    const right = now;
    await store.charge([daily], tokens(90));
    for (const wrong of [400 * DAY, -400 * DAY, 41 * DAY]) {
      now = right + wrong;
      await store.charge([daily], tokens(1));
    }
    now = right;
    await assertBalances(store, daily, { settled: tokens(90) });
    assert.equal((await store.reserve([daily], request('a', { outputCap: 20 }))).admitted, false);
    const [first] = (await store.spending('daily')).filter(({ minute }) => minute <= right);
    assert.deepEqual(first?.used, tokens(90));
  });

  it('keeps sums exact that a number cannot hold exactly', async () => {
    const vast = defineBudget({ name: 'vast', limits: { tokens: 10 }, mode: 'soft' });
    const most = { costNanoUsd: 0, tokens: Number.MAX_SAFE_INTEGER, calls: 1 };
    const store = open();
    for (let round = 0; round < 3; round += 1) {
      await store.reserve([vast], request(`call ${round}`, { fixed: most, outputCap: 0 }));
    }
    await assertBalances(store, vast, { reserved: { ...most, calls: 3 }, open: 3 });
    for (let round = 0; round < 3; round += 1) await store.settle(`call ${round}`, most);
    await assertBalances(store, vast, { settled: { ...most, calls: 3 } });
    assert.ok(!(await store.reserve([vast], request('one more'))).admitted);
  });

  it('rejects invalid amounts and a reservation that is open already, and changes nothing', async () => {
    const store = open();
    await store.reserve([job], request('a'));
    await assert.rejects(async () => store.charge([job, team], tokens(0.5)), RangeError);
    await assert.rejects(async () => store.settle('a', tokens(Number.NaN)), RangeError);
    await assert.rejects(async () => store.reserve([job], request('a')), StoreError);
    await assertBalances(store, job, { reserved: HELD, open: 1 });
    await assertBalances(store, team, {});
    assert.throws(() => new SqliteStore(path, { busyTimeoutMs: Number.NaN }), RangeError);
  });

  it('uses a path as a path, whatever it looks like', async () => {
    for (const name of [':memory:', 'file:x?mode=memory', "quo'te", '預算', '#%41?.db']) {
      const file = join(directory, name);
      const store = new SqliteStore(file);
      await store.charge([job], tokens(3));
      await store.close();
      assert.ok(statSync(file).size > 0, name);
    }
  });

  it('rejects after it was closed', async () => {
    const store = open();
    await store.balances(job);
    await store.close();
    await store.close();
    await assert.rejects(async () => store.balances(job), /ledger\.db is closed/);
  });
});
