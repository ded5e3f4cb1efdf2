import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type BudgetEvent, THRESHOLDS } from '../../src/budget/index.ts';
import {
  admittedOf,
  amounts,
  deniedOf,
  eventKinds,
  reserveOf,
  statusOf,
  syncValue,
  trackerOf,
} from './helpers.ts';

describe('thresholds and exhaustion', () => {
  it('are each reported once, in order', () => {
    const { tracker, events } = trackerOf({ tokens: 100 });
    const newly = (): (string | number)[] => eventKinds(events.splice(0));
    const spend = (tokens: number): void => syncValue(tracker.charge(amounts({ tokens })));
    spend(49);
    assert.deepEqual(newly(), []);
    spend(1);
    assert.deepEqual(newly(), [0.5]);
    spend(29);
    assert.deepEqual(newly(), []);
    spend(16);
    assert.deepEqual(newly(), [0.8, 0.95]);
    spend(4);
    assert.deepEqual(newly(), []);
    spend(1);
    assert.deepEqual(newly(), [1, 'exhausted']);
    spend(500);
    assert.deepEqual(newly(), []);
  });

  it('are all reported if one call takes everything', () => {
    const { tracker, events } = trackerOf({ calls: 1 });
    syncValue(tracker.charge(amounts({ calls: 1 })));
    assert.deepEqual(eventKinds(events), [...THRESHOLDS, 'exhausted']);
    const [first] = events;
    assert.ok(first?.type === 'threshold');
    assert.deepEqual([first.budget, first.limit, first.limitValue], ['test', 'calls', 1]);
    assert.equal(first.balances.settled.calls, 1);
  });

  it('are about settled amounts, not reserved ones', () => {
    const { tracker, events } = trackerOf({ tokens: 1_000 });
    const request = reserveOf({ outputCap: 900 });
    syncValue(tracker.reserve(request));
    assert.deepEqual(eventKinds(events), []);
    syncValue(tracker.settle(request.id, amounts({ tokens: 600 })));
    assert.deepEqual(eventKinds(events), [0.5]);
  });

  it('are about the limit of which the largest share is used', () => {
    const { tracker, events } = trackerOf({ costUsd: 1, tokens: 1_000 });
    syncValue(tracker.charge(amounts({ costNanoUsd: 600_000_000, tokens: 550 })));
    assert.ok(events[0]?.type === 'threshold');
    assert.deepEqual([events[0].limit, events[0].limitValue], ['costUsd', 1]);
  });

  it('are reported for time when a call ends', () => {
    const { tracker, events, clock } = trackerOf({ minutes: 10 });
    clock.now += 8 * 60_000;
    syncValue(tracker.charge(amounts({ calls: 1 })));
    assert.deepEqual(eventKinds(events), [0.5, 0.8]);
  });

  it('are reported in observe mode as well', () => {
    const { tracker, events } = trackerOf({ tokens: 10 }, { mode: 'observe' });
    syncValue(tracker.charge(amounts({ tokens: 10 })));
    assert.deepEqual(eventKinds(events), [0.5, 0.8, 0.95, 1, 'exhausted']);
  });

  it('are reported once and in order, whatever is spent', () => {
    const spends = fc.array(fc.nat({ max: 40 }), { maxLength: 20 });
    fc.assert(
      fc.property(spends, fc.integer({ min: 1, max: 200 }), (charges, limit) => {
        const { tracker, events } = trackerOf({ tokens: limit }, { mode: 'soft' });
        let spent = 0;
        for (const tokens of charges) {
          syncValue(tracker.charge(amounts({ tokens })));
          spent += tokens;
        }
        const expected: (string | number)[] = THRESHOLDS.filter((threshold) => spent / limit >= threshold);
        assert.deepEqual(eventKinds(events), spent >= limit ? [...expected, 'exhausted'] : expected);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a denial', () => {
  it('is reported each time, with the denied call', () => {
    const { tracker, events, budget } = trackerOf({ tokens: 10 });
    syncValue(tracker.charge(amounts({ tokens: 10 })));
    events.length = 0;
    syncValue(tracker.reserve(reserveOf()));
    syncValue(tracker.reserve(reserveOf()));
    assert.deepEqual(eventKinds(events), ['denied', 'denied']);
    const [first] = events;
    assert.ok(first?.type === 'denied');
    assert.deepEqual([first.denied.budget, first.denied.limit], [budget, 'tokens']);
  });

  it('is exhaustion if no open call could free some', () => {
    const { tracker, events } = trackerOf({ tokens: 20 });
    syncValue(tracker.charge(amounts({ tokens: 9, calls: 1 })));
    syncValue(tracker.reserve(reserveOf()));
    syncValue(tracker.reserve(reserveOf()));
    assert.deepEqual(eventKinds(events), ['denied', 'exhausted', 'denied']);
    assert.equal(statusOf(tracker).exhausted, true);
  });

  it('is exhaustion if the call is at most twice the average of those before it', () => {
    for (const [settled, calls, usual] of [
      [16, 2, true],
      [15, 2, false],
      [80, 10, true],
      [79, 10, false],
      [9, 0, false],
    ] as const) {
      const { tracker, events } = trackerOf({ tokens: settled + 15 });
      syncValue(tracker.charge(amounts({ tokens: settled, calls })));
      events.length = 0;
      assert.equal(deniedOf(tracker.reserve(reserveOf())).requested.tokens, 16);
      assert.deepEqual(
        eventKinds(events),
        usual ? ['denied', 'exhausted'] : ['denied'],
        `${settled} of ${calls}`,
      );
      assert.equal(statusOf(tracker).exhausted, usual);
    }
  });

  it('is exhaustion if a limit is reached or time is over, whatever the call', () => {
    const large = { fixed: amounts({ tokens: 5_000, calls: 1 }) };
    const timed = trackerOf({ minutes: 1, tokens: 10 });
    timed.clock.now += 60_000;
    syncValue(timed.tracker.reserve(reserveOf(large)));
    assert.deepEqual(eventKinds(timed.events), ['denied', 'exhausted']);
    const none = trackerOf({ tokens: 0 });
    syncValue(none.tracker.reserve(reserveOf(large)));
    assert.deepEqual(eventKinds(none.events), ['denied', 'exhausted']);
  });

  it('of one oversized call is no exhaustion, and the rest can be spent', () => {
    const { tracker, events } = trackerOf({ tokens: 1_000 });
    syncValue(tracker.reserve(reserveOf({ fixed: amounts({ tokens: 5_000, calls: 1 }) })));
    assert.deepEqual(eventKinds(events), ['denied']);
    assert.equal(statusOf(tracker).exhausted, false);
    const usual = reserveOf();
    admittedOf(tracker.reserve(usual));
    syncValue(tracker.settle(usual.id, amounts({ tokens: 1_000, calls: 1 })));
    assert.deepEqual(eventKinds(events), ['denied', ...THRESHOLDS, 'exhausted']);
  });

  it('is no exhaustion while open calls may free some', () => {
    const { tracker, events } = trackerOf({ tokens: 1_000 });
    syncValue(tracker.reserve(reserveOf()));
    syncValue(tracker.reserve(reserveOf()));
    assert.deepEqual(eventKinds(events), ['denied']);
    assert.equal(statusOf(tracker).exhausted, false);
  });
});

describe('listeners', () => {
  const event: BudgetEvent = { type: 'clamped', budget: 'test', sent: 5 };

  it('that throw are ignored', () => {
    const { tracker, events } = trackerOf({ tokens: 10 });
    tracker.on(() => {
      throw new Error('a fault of the host');
    });
    const after: BudgetEvent[] = [];
    tracker.on((one) => after.push(one));
    tracker.emit(event);
    assert.deepEqual([events, after], [[event], [event]]);
    assert.doesNotThrow(() => tracker.charge(amounts({ tokens: 10 })));
    assert.equal(statusOf(tracker).balances.settled.tokens, 10);
  });

  it('are not called after their removal', () => {
    const { tracker } = trackerOf({});
    const seen: BudgetEvent[] = [];
    const off = tracker.on((one) => seen.push(one));
    tracker.emit(event);
    off();
    off();
    tracker.emit(event);
    assert.deepEqual(seen, [event]);
  });
});
