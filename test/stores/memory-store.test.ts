import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Amounts, defineBudget, NOTHING, type ReserveRequest } from '../../src/budget/index.ts';
import { MemoryStore } from '../../src/stores/index.ts';
import { TERMS } from '../budget/helpers.ts';

const job = defineBudget({ name: 'job', limits: { tokens: 1_000 } });
const team = defineBudget({ name: 'team', limits: { tokens: 5_000 } });
const org = defineBudget({ name: 'org', limits: { tokens: 100 } });

function request(id: string, given: Partial<ReserveRequest> = {}): ReserveRequest {
  const fixed = { costNanoUsd: 7, tokens: 10, calls: 1 };
  return { id, ...TERMS, fixed, outputPicoUsd: 0, choices: 1, outputCap: 50, capped: true, ...given };
}

function tokens(count: number): Amounts {
  return { costNanoUsd: 0, tokens: count, calls: 1 };
}

describe('the memory store', () => {
  it('has balances of zero for an unused budget, from its first use', () => {
    let now = 500;
    const store = new MemoryStore(() => now);
    assert.deepEqual(store.balances(job), { settled: NOTHING, reserved: NOTHING, open: 0, startedAt: 500 });
    now = 900;
    store.charge([job], tokens(1));
    assert.equal(store.balances(job).startedAt, 500);
    assert.equal(store.balances(team).startedAt, 900);
  });

  it('reserves on all budgets of the chain', () => {
    const store = new MemoryStore();
    assert.ok(store.reserve([job, team], request('a')).admitted);
    for (const budget of [job, team]) {
      assert.deepEqual(store.balances(budget).reserved, { costNanoUsd: 7, tokens: 60, calls: 1 });
      assert.equal(store.balances(budget).open, 1);
    }
    assert.equal(store.settle('a', tokens(33)), true);
    for (const budget of [job, team]) {
      assert.deepEqual(store.balances(budget).settled, tokens(33));
      assert.deepEqual(store.balances(budget).reserved, NOTHING);
      assert.equal(store.balances(budget).open, 0);
    }
  });

  it('reserves on no budget if one denies', () => {
    const store = new MemoryStore();
    store.charge([org], tokens(95));
    const denied = store.reserve([job, team, org], request('a'));
    assert.ok(!denied.admitted);
    assert.deepEqual([denied.budget.name, denied.limit], ['org', 'tokens']);
    for (const budget of [job, team, org]) {
      assert.deepEqual(store.balances(budget).reserved, NOTHING);
      assert.equal(store.balances(budget).open, 0);
    }
    assert.equal(store.settle('a', tokens(1)), false);
  });

  it('charges all budgets of the chain without a reservation', () => {
    const store = new MemoryStore();
    store.charge([job, team], tokens(20));
    store.charge([team], tokens(5));
    assert.deepEqual(store.balances(job).settled, tokens(20));
    assert.deepEqual(store.balances(team).settled, { costNanoUsd: 0, tokens: 25, calls: 2 });
  });

  it('does not settle a reservation that was never made', () => {
    const store = new MemoryStore();
    assert.equal(store.settle('unknown', tokens(5)), false);
    assert.equal(store.release('unknown'), false);
    assert.deepEqual(store.balances(job).settled, NOTHING);
  });

  it('charges more than was reserved if more was used', () => {
    const store = new MemoryStore();
    store.reserve([job], request('a'));
    assert.equal(store.settle('a', tokens(5_000)), true);
    assert.deepEqual(store.balances(job).settled, tokens(5_000));
    assert.deepEqual(store.balances(job).reserved, NOTHING);
  });

  it('returns balances that do not change later', () => {
    const store = new MemoryStore();
    const before = store.balances(job);
    const denied = store.reserve([org], request('a', { fixed: tokens(500) }));
    store.charge([job, org], tokens(7));
    assert.deepEqual(before.settled, NOTHING);
    assert.ok(!denied.admitted);
    assert.deepEqual(denied.balances.settled, NOTHING);
  });

  it('remembers a window if the clock is set back for a moment', () => {
    let now = Date.UTC(2026, 0, 2, 0, 0, 1);
    const store = new MemoryStore(() => now);
    const daily = defineBudget({ name: 'daily', limits: {}, window: { per: 'day', timeZone: 'UTC' } });
    store.charge([daily], tokens(90));
    now -= 2_000;
    store.balances(daily);
    now += 2_000;
    assert.deepEqual(store.balances(daily).settled, tokens(90));
  });

  it('starts from zero in each window, and settles in the one that a call was reserved in', () => {
    let now = Date.UTC(2026, 0, 1, 23, 59, 59);
    const store = new MemoryStore(() => now);
    const daily = defineBudget({
      name: 'daily',
      limits: { tokens: 100 },
      window: { per: 'day', timeZone: 'UTC' },
    });
    store.charge([daily], tokens(30));
    assert.ok(store.reserve([daily], request('a')).admitted);
    now += 1_000;
    assert.deepEqual(store.balances(daily).settled, NOTHING);
    assert.equal(store.balances(daily).startedAt, Date.UTC(2026, 0, 2));
    assert.equal(store.settle('a', tokens(60)), true);
    assert.deepEqual([store.balances(daily).settled, store.balances(daily).reserved], [NOTHING, NOTHING]);
  });

  it('keeps reservations apart, in whatever order they end', () => {
    const store = new MemoryStore();
    for (const id of ['a', 'b', 'c']) store.reserve([job], request(id));
    store.release('b');
    store.settle('c', tokens(3));
    assert.deepEqual(store.balances(job).reserved, { costNanoUsd: 7, tokens: 60, calls: 1 });
    store.settle('a', tokens(1));
    assert.deepEqual(store.balances(job).settled, { costNanoUsd: 0, tokens: 4, calls: 2 });
    assert.equal(store.balances(job).open, 0);
  });
});
