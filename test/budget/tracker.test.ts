import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TokenBudgetTracker } from '../../src/budget/index.ts';
import { admittedOf, amounts, deniedOf, reserveOf, statusOf, syncValue, trackerOf } from './helpers.ts';

describe('the status of a budget', () => {
  it('has limits, amounts left, and exact balances', () => {
    const { tracker, clock } = trackerOf({ costUsd: 1, tokens: 10_000, calls: 4, minutes: 10 });
    syncValue(tracker.charge(amounts({ costNanoUsd: 250_000_000, tokens: 1_000, calls: 1 })));
    syncValue(tracker.reserve(reserveOf({ outputCap: 2_000 })));
    clock.now += 60_000;
    const status = statusOf(tracker);
    assert.deepEqual(status.left, { costUsd: 0.722, tokens: 7_000, calls: 2, minutes: 9 });
    assert.deepEqual(status.balances.settled, amounts({ costNanoUsd: 250_000_000, tokens: 1_000, calls: 1 }));
    assert.deepEqual(status.balances.reserved, amounts({ costNanoUsd: 28_000_000, tokens: 2_000, calls: 1 }));
    assert.equal(status.balances.open, 1);
    assert.equal(status.usedShare, 0.25);
    assert.equal(status.exhausted, false);
    assert.deepEqual([status.budget, status.mode], ['test', 'strict']);
  });

  it('has no amount left for a limit that is not set, and never less than zero', () => {
    const { tracker, clock } = trackerOf({ tokens: 10, minutes: 1 }, { mode: 'observe' });
    syncValue(tracker.charge(amounts({ costNanoUsd: 5, tokens: 25 })));
    clock.now += 120_000;
    const { left, usedShare, exhausted } = statusOf(tracker);
    assert.deepEqual(left, { tokens: 0, minutes: 0 });
    assert.equal(usedShare, 2.5);
    assert.equal(exhausted, true);
  });

  it('without limits has used no share', () => {
    const { tracker } = trackerOf({});
    syncValue(tracker.charge(amounts({ tokens: 25 })));
    assert.deepEqual([statusOf(tracker).usedShare, statusOf(tracker).exhausted], [0, false]);
    assert.deepEqual(statusOf(tracker).left, {});
  });

  it('starts its time with the tracker, not with the first call', () => {
    const { tracker, clock } = trackerOf({ minutes: 10 });
    clock.now += 300_000;
    admittedOf(tracker.reserve(reserveOf()));
    assert.deepEqual(statusOf(tracker).left, { minutes: 5 });
  });
});

describe('a reservation', () => {
  it('is settled once, and its rest is freed', () => {
    const { tracker } = trackerOf({ tokens: 1_000 });
    const request = reserveOf();
    syncValue(tracker.reserve(request));
    const used = amounts({ costNanoUsd: 77, tokens: 40, calls: 1 });
    assert.equal(syncValue(tracker.settle(request.id, used)), true);
    assert.equal(syncValue(tracker.settle(request.id, used)), false);
    assert.equal(syncValue(tracker.release(request.id)), false);
    const { balances } = statusOf(tracker);
    assert.deepEqual([balances.settled, balances.reserved, balances.open], [used, amounts(), 0]);
  });

  it('of a call that spent nothing is released in full, once', () => {
    const { tracker } = trackerOf({ tokens: 1_000 });
    const request = reserveOf();
    syncValue(tracker.reserve(request));
    assert.equal(syncValue(tracker.release(request.id)), true);
    assert.equal(syncValue(tracker.release(request.id)), false);
    assert.equal(syncValue(tracker.settle(request.id, amounts({ tokens: 9 }))), false);
    assert.deepEqual(statusOf(tracker).balances.settled, amounts());
    assert.deepEqual(statusOf(tracker).left, { tokens: 1_000 });
  });
});

describe('a tighter worst case', () => {
  const far = { fixed: amounts({ tokens: 100, calls: 1 }), outputCap: 500 };

  it('is not computed if the first is admitted as it is', () => {
    const { tracker } = trackerOf({ tokens: 600 });
    const admitted = admittedOf(
      tracker.reserve(reserveOf(far), () => assert.fail('the closer count was made')),
    );
    assert.equal(admitted.outputCap, 500);
  });

  for (const [name, tokens] of [
    ['clamped', 300],
    ['denied', 110],
  ] as const) {
    it(`is computed if the first would be ${name}, of which nothing stays reserved`, () => {
      const { tracker, events } = trackerOf({ tokens });
      const first = reserveOf(far);
      let made = 0;
      const closer = () => {
        made += 1;
        return { ...first, fixed: amounts({ tokens: 10, calls: 1 }), outputCap: 90 };
      };
      const admitted = admittedOf(tracker.reserve(first, closer));
      assert.equal(made, 1);
      assert.deepEqual(admitted.reserved, amounts({ costNanoUsd: 90 * 14_000, tokens: 100, calls: 1 }));
      assert.deepEqual(statusOf(tracker).balances.reserved, admitted.reserved);
      assert.equal(statusOf(tracker).balances.open, 1);
      assert.deepEqual(events, []);
    });
  }

  it('that cannot be computed leaves nothing reserved', () => {
    const { tracker } = trackerOf({ tokens: 300 });
    const closer = () => {
      throw new Error('a fault in counting');
    };
    assert.throws(() => tracker.reserve(reserveOf(far), closer), /a fault in counting/);
    assert.deepEqual(statusOf(tracker).balances.reserved, amounts());
    assert.equal(statusOf(tracker).balances.open, 0);
  });

  it('may clamp or deny, and reports it once', () => {
    const clamps = trackerOf({ tokens: 300 }).tracker;
    assert.equal(admittedOf(clamps.reserve(reserveOf(far), () => reserveOf(far))).outputCap, 200);
    const { tracker, events } = trackerOf({ tokens: 110 });
    deniedOf(tracker.reserve(reserveOf(far), () => reserveOf(far)));
    assert.deepEqual(events.filter(({ type }) => type === 'denied').length, 1);
    assert.equal(statusOf(tracker).balances.open, 0);
  });
});

describe('an asynchronous store', () => {
  it('is awaited', async () => {
    const { store, budget } = trackerOf({ tokens: 300 });
    const later = new Proxy(store, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return async (...args: unknown[]): Promise<unknown> => method.apply(target, args);
      },
    });
    const tracker = new TokenBudgetTracker(budget, { store: later });
    const first = reserveOf({ outputCap: 500 });
    const admission = await tracker.reserve(first, () => ({ ...first, outputCap: 200 }));
    assert.ok(admission.admitted);
    assert.equal(admission.outputCap, 200);
    assert.equal(await tracker.settle(first.id, amounts({ tokens: 120, calls: 1 })), true);
    await tracker.charge(amounts({ tokens: 30 }));
    assert.deepEqual((await tracker.status()).left, { tokens: 150 });
  });
});
