import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { defineBudget, TokenBudgetTracker } from '../../src/budget/index.ts';
import { LeaseRenewer } from '../../src/budget/tracker/lease-renewer.ts';
import { MemoryStore } from '../../src/stores/index.ts';
import { amounts, deniedOf, reserveOf, syncValue } from './helpers.ts';

/** A clock of which a third of a lease passes at a time. */
function beats(test: TestContext, leaseMs: number): (count?: number) => Promise<void> {
  test.mock.timers.enable({ apis: ['setInterval'] });
  return async (count = 1) => {
    for (let n = 0; n < count; n += 1) {
      test.mock.timers.tick(leaseMs / 3);
      await new Promise((done) => setImmediate(done));
    }
  };
}

describe('leases', () => {
  it('are renewed three times each, as long as they are open', async (test) => {
    const beat = beats(test, 900);
    const renewed: (readonly string[])[] = [];
    const keeper = new LeaseRenewer((ids) => void renewed.push(ids), 900);
    await beat(3);
    assert.deepEqual(renewed, []);
    keeper.keep('a');
    await beat();
    keeper.keep('b');
    keeper.keep('b');
    await beat(2);
    keeper.drop('a');
    await beat();
    assert.deepEqual(renewed, [['a'], ['a', 'b'], ['a', 'b'], ['b']]);
  });

  it('are not renewed after the last is dropped, and again with the next', async (test) => {
    const beat = beats(test, 300);
    const renewed: (readonly string[])[] = [];
    const keeper = new LeaseRenewer((ids) => void renewed.push(ids), 300);
    keeper.drop('nobody');
    keeper.keep('a');
    keeper.drop('a');
    keeper.drop('a');
    await beat(5);
    assert.deepEqual(renewed, []);
    keeper.keep('b');
    await beat(1);
    assert.deepEqual(renewed, [['b']]);
  });

  it('are renewed at the next interval if the store was unavailable', async (test) => {
    const beat = beats(test, 300);
    let tries = 0;
    const keeper = new LeaseRenewer(() => {
      tries += 1;
      if (tries === 1) throw new Error('away');
      return tries === 2 ? Promise.reject(new Error('away')) : undefined;
    }, 300);
    keeper.keep('a');
    await beat(3);
    assert.equal(tries, 3);
    keeper.drop('a');
  });
});

/** A store whose reservations have leases. */
class LeasedStore extends MemoryStore {
  override readonly leaseless = false;
}

describe('the leases of a tracker', () => {
  it('are those of open reservations', async (test) => {
    const beat = beats(test, 600);
    const store = new LeasedStore();
    const beaten: unknown[][] = [];
    store.heartbeat = (...args: unknown[]): void => void beaten.push(args);
    const leases: number[] = [];
    const reserve = store.reserve.bind(store);
    store.reserve = (chain, request) => {
      leases.push(request.leaseMs);
      return reserve(chain, request);
    };
    const budget = defineBudget({ name: 'b', limits: { tokens: 100 } });
    const tracker = new TokenBudgetTracker(budget, { store, leaseMs: 600 });
    const [first, second] = [reserveOf({ outputCap: 50 }), reserveOf({ outputCap: 50 })];
    syncValue(tracker.reserve(first));
    syncValue(tracker.reserve(second));
    deniedOf(tracker.reserve(reserveOf()));
    assert.deepEqual(leases, [600, 600, 600]);
    await beat();
    syncValue(tracker.settle(first.id, amounts({ tokens: 5 })));
    await beat();
    syncValue(tracker.release(second.id));
    await beat(3);
    assert.deepEqual(beaten, [
      [[first.id, second.id], 600],
      [[second.id], 600],
    ]);
  });
});
