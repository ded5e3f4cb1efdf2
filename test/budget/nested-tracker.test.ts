import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type BudgetEvent,
  defineBudget,
  type Limits,
  nestTracker,
  type Reserve,
  TokenBudgetTracker,
} from '../../src/budget/index.ts';
import { MemoryStore } from '../../src/stores/index.ts';

const store = (): MemoryStore => new MemoryStore();

function trackerOf(name: string, limits: Limits, ledger = store()): TokenBudgetTracker {
  return new TokenBudgetTracker(defineBudget({ name, limits, mode: 'strict' }), { store: ledger });
}

let ids = 0;

/** 100 tokens of input, 1,000 of output by the caller's cap, one nano-USD a token of output. */
function request(changes: Partial<Reserve> = {}): Reserve {
  ids += 1;
  return {
    id: `call-${ids}`,
    fixed: { costNanoUsd: 0, tokens: 100, calls: 1 },
    outputPicoUsd: 1_000,
    choices: 1,
    outputCap: 1_000,
    capped: false,
    ...changes,
  };
}

async function balancesOf(tracker: TokenBudgetTracker) {
  const { balances } = await tracker.status();
  return { settled: balances.settled.tokens, reserved: balances.reserved.tokens, open: balances.open };
}

describe('a budget within another', () => {
  for (const [where, ledgers] of [
    ['ledgers of their own', () => [store(), store()] as const],
    [
      'one ledger',
      () => {
        const one = store();
        return [one, one] as const;
      },
    ],
  ] as const) {
    it(`reserves, grows, settles and releases on both, in ${where}`, async () => {
      const [first, second] = ledgers();
      const inner = trackerOf('user', { tokens: 100_000 }, first);
      const outer = trackerOf('process', { tokens: 100_000 }, second);
      const nested = nestTracker(inner, outer);
      const one = request();
      assert.ok((await nested.reserve(one)).admitted);
      assert.ok(await nested.grow(one.id, { costNanoUsd: 0, tokens: 50, calls: 0 }));
      for (const each of [inner, outer])
        assert.deepEqual(await balancesOf(each), { settled: 0, reserved: 1_150, open: 1 });
      await nested.settle(one.id, { costNanoUsd: 5, tokens: 300, calls: 1 });
      const other = request();
      await nested.reserve(other);
      await nested.release(other.id);
      for (const each of [inner, outer])
        assert.deepEqual(await balancesOf(each), { settled: 300, reserved: 0, open: 0 });
    });
  }

  it('is denied by either, and then neither has a reservation', async () => {
    for (const denying of ['user', 'process']) {
      const inner = trackerOf('user', { tokens: denying === 'user' ? 50 : 100_000 });
      const outer = trackerOf('process', { tokens: denying === 'process' ? 50 : 100_000 });
      const events: BudgetEvent[] = [];
      for (const each of [inner, outer]) each.on((event) => events.push(event));
      const result = await nestTracker(inner, outer).reserve(request());
      assert.equal(!result.admitted && result.budget.name, denying);
      for (const each of [inner, outer]) assert.equal((await balancesOf(each)).open, 0);
      const denied = events.flatMap((event) => (event.type === 'denied' ? [event.budget] : []));
      assert.deepEqual(denied, [denying]);
    }
  });

  it('is sent with the lower cap of the two, and charged at most that', async () => {
    const inner = trackerOf('user', { tokens: 1_800 });
    const outer = trackerOf('process', { tokens: 600 });
    const result = await nestTracker(inner, outer).reserve(request());
    assert.ok(result.admitted);
    const cap = result.clampedTo ?? Number.NaN;
    assert.ok(cap < 600, `${cap}`);
    assert.equal(result.reserved.tokens, 100 + cap);
    assert.equal((await balancesOf(outer)).reserved, 100 + cap);
  });

  it('has the least that is left of either', () => {
    const inner = trackerOf('user', { tokens: 500, calls: 9 });
    const outer = trackerOf('process', { tokens: 900, costUsd: 2 });
    assert.deepEqual(nestTracker(inner, outer).remaining, { tokens: 500, calls: 9, costUsd: 2 });
  });

  it('is not nested if it is detached, has a parent, is the same, or a part of it', () => {
    const outer = trackerOf('process', { tokens: 900 });
    const budget = defineBudget({ name: 'user', limits: {} });
    const detached = new TokenBudgetTracker(budget, { store: store(), detached: true });
    const parent = defineBudget({ name: 'team', limits: {} });
    const withParent = new TokenBudgetTracker({ ...budget, parent }, { store: store() });
    for (const inner of [detached, withParent, outer, outer.within('part'), outer.within('x', { calls: 1 })])
      assert.equal(nestTracker(inner, outer), inner);
  });

  it('settles a deferred call on both', async () => {
    const inner = trackerOf('user', { tokens: 100_000 });
    const outer = trackerOf('process', { tokens: 100_000 });
    const nested = nestTracker(inner, outer);
    const one = request();
    await nested.reserve(one);
    assert.ok(await nested.transferReservation(one.id, 'batch', 60_000));
    assert.ok(await nested.settleTransferred('batch', { costNanoUsd: 0, tokens: 7, calls: 1 }));
    for (const each of [inner, outer])
      assert.deepEqual(await balancesOf(each), { settled: 7, reserved: 0, open: 0 });
  });

  it('names the budget that could not pay for more', async () => {
    const inner = trackerOf('user', { tokens: 100_000 });
    const outer = trackerOf('process', { tokens: 1_200 });
    const nested = nestTracker(inner, outer);
    const one = request({ capped: true });
    await nested.reserve(one);
    const more = { costNanoUsd: 0, tokens: 500, calls: 0 };
    assert.equal(await nested.grow(one.id, more), false);
    assert.equal((await nested.refusal(more)).budget.name, 'process');
  });
});
