import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Amounts,
  type BudgetDefinition,
  type BudgetEvent,
  chainOf,
  defineBudget,
  LIMIT_NAMES,
  type Limits,
  TokenBudgetTracker,
} from '../../src/budget/index.ts';
import { MemoryStore } from '../../src/stores/index.ts';
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

/** Budgets of those names, each the parent of the one before it. */
function chain(...names: string[]): BudgetDefinition {
  const [name = '', ...above] = names;
  return defineBudget({ name, limits: {}, ...(above.length === 0 ? {} : { parent: chain(...above) }) });
}

const letters = (count: number): string[] => [...'abcdefghijkl'].slice(0, count);

describe('the chain of a budget', () => {
  it('is the budget and its parents, nearest first', () => {
    const job = chain('job', 'team', 'org');
    assert.deepEqual(
      chainOf(job).map(({ name }) => name),
      ['job', 'team', 'org'],
    );
    assert.equal(chainOf(job)[0], job);
    assert.equal(chainOf(job)[1], job.parent);
    assert.equal(chainOf(chain('alone')).length, 1);
  });

  it('has at most eight budgets', () => {
    assert.equal(chainOf(chain(...letters(8))).length, 8);
    assert.throws(() => chainOf(chain(...letters(9))), RangeError);
    assert.throws(() => trackerOf({}, { parent: chain(...letters(8)) }), RangeError);
  });

  it('has no name twice', () => {
    for (const names of [
      ['a', 'a'],
      ['a', 'b', 'a'],
      ['a', 'b', 'b'],
    ]) {
      assert.throws(() => chainOf(chain(...names)), { name: 'RangeError', message: /occurs twice/ });
    }
  });

  it('is not circular', () => {
    const budget = { ...chain('a'), parent: undefined as unknown as BudgetDefinition };
    budget.parent = { ...chain('b'), parent: budget };
    assert.throws(() => chainOf(budget), RangeError);
  });
});

describe('a tracker of a chain', () => {
  const team = (limits: Limits, given: Partial<BudgetDefinition> = {}): { parent: BudgetDefinition } => ({
    parent: defineBudget({ name: 'team', limits, ...given }),
  });

  it('names its budgets, and is strict if any of them is', () => {
    assert.deepEqual(trackerOf({}, team({})).tracker.names, ['test', 'team']);
    const soft = { mode: 'soft' } as const;
    assert.equal(trackerOf({}, { ...team({}), ...soft }).tracker.strict, true);
    assert.equal(trackerOf({}, { ...team({}, soft), ...soft }).tracker.strict, false);
  });

  it('reserves, charges and frees on all of them', () => {
    const { tracker, store, budget } = trackerOf({ tokens: 900 }, team({ tokens: 5_000 }));
    const [first, second] = [reserveOf({ outputCap: 100 }), reserveOf({ outputCap: 50 })];
    admittedOf(tracker.reserve(first));
    admittedOf(tracker.reserve(second));
    syncValue(tracker.settle(first.id, amounts({ tokens: 70, calls: 1 })));
    syncValue(tracker.charge(amounts({ tokens: 5 })));
    syncValue(tracker.release(second.id));
    for (const one of chainOf(budget)) {
      const { settled, reserved, open } = store.balances(one);
      assert.deepEqual(
        [settled, reserved, open],
        [amounts({ tokens: 75, calls: 1 }), amounts(), 0],
        one.name,
      );
    }
  });

  it('is denied by a parent, which the denial names', () => {
    const { tracker, store, events, budget } = trackerOf({ tokens: 900 }, team({ tokens: 10 }));
    assert.equal(deniedOf(tracker.reserve(reserveOf())).budget.name, 'team');
    assert.equal(store.balances(budget).open, 0);
    assert.deepEqual(
      events.map((event) => event.budget),
      ['team'],
    );
  });

  it('enforces each budget in its own mode', () => {
    const request = reserveOf({ outputCap: 500 });
    const observed = trackerOf({ tokens: 0 }, { mode: 'observe', ...team({ tokens: 100 }) });
    assert.equal(admittedOf(observed.tracker.reserve(request)).outputCap, 100);
    const soft = trackerOf({ tokens: 100 }, { mode: 'soft', ...team({}, { mode: 'observe' }) });
    assert.equal(admittedOf(soft.tracker.reserve(request)).outputCap, 500);
    syncValue(soft.tracker.charge(amounts({ tokens: 100 })));
    assert.equal(deniedOf(soft.tracker.reserve(reserveOf())).budget.name, 'test');
    const above = trackerOf({ tokens: 900 }, team({ tokens: 0 }, { mode: 'observe' }));
    assert.equal(admittedOf(above.tracker.reserve(request)).outputCap, 500);
  });

  it('grows if every strict budget can pay, and names the one that cannot', () => {
    const { tracker, store, budget } = trackerOf({ tokens: 900 }, team({ tokens: 200 }));
    const request = reserveOf({ outputCap: 100 });
    syncValue(tracker.reserve(request));
    assert.equal(syncValue(tracker.grow(request.id, amounts({ tokens: 101 }))), false);
    assert.equal(syncValue(tracker.grow(request.id, amounts({ tokens: 100 }))), true);
    assert.equal(syncValue(tracker.grow('nobody', amounts({ tokens: 1 }))), false);
    for (const one of chainOf(budget)) assert.equal(store.balances(one).reserved.tokens, 200);
    syncValue(tracker.settle(request.id, amounts({ tokens: 150, calls: 1 })));
    for (const one of chainOf(budget)) assert.equal(store.balances(one).reserved.tokens, 0);
  });

  it('reports the thresholds of each', () => {
    const { tracker, events } = trackerOf({ tokens: 100 }, team({ tokens: 50 }));
    syncValue(tracker.charge(amounts({ tokens: 50 })));
    assert.deepEqual(eventKinds(events), [0.5, 0.5, 0.8, 0.95, 1, 'exhausted']);
    assert.deepEqual(
      [events[0]?.budget, ...new Set(events.slice(1).map(({ budget }) => budget))],
      ['test', 'team'],
    );
  });

  it('shares a parent with others', () => {
    const store = new MemoryStore();
    const { parent } = team({ tokens: 100 });
    const trackers = ['a', 'b'].map(
      (name) => new TokenBudgetTracker(defineBudget({ name, limits: { tokens: 80 }, parent }), { store }),
    );
    const [a, b] = trackers;
    assert.ok(a !== undefined && b !== undefined);
    syncValue(a.charge(amounts({ tokens: 70 })));
    assert.equal(admittedOf(b.reserve(reserveOf())).outputCap, 30);
    assert.deepEqual(statusOf(b).left, { tokens: 50 });
  });

  it('reports thresholds again in each window', () => {
    const events: BudgetEvent[] = [];
    let now = Date.UTC(2026, 0, 1, 12);
    const budget = defineBudget({
      name: 'daily',
      limits: { tokens: 10 },
      window: { per: 'day', timeZone: 'UTC' },
    });
    const tracker = new TokenBudgetTracker(budget, { store: new MemoryStore(() => now), now: () => now });
    tracker.on((event) => events.push(event));
    syncValue(tracker.charge(amounts({ tokens: 10 })));
    assert.equal(statusOf(tracker).exhausted, true);
    now += 86_400_000;
    syncValue(tracker.charge(amounts({ tokens: 5 })));
    assert.deepEqual(eventKinds(events), [0.5, 0.8, 0.95, 1, 'exhausted', 0.5]);
    assert.deepEqual([statusOf(tracker).exhausted, statusOf(tracker).left], [false, { tokens: 5 }]);
  });
});

describe('defineBudget rejects', () => {
  const bad: readonly (readonly [string, Limits, Partial<BudgetDefinition>])[] = [
    ...[Number.NaN, -1, Number.POSITIVE_INFINITY].flatMap((value) =>
      LIMIT_NAMES.map((name): [string, Limits, object] => [`${name} of ${value}`, { [name]: value }, {}]),
    ),
    ['tokens of 1.5', { tokens: 1.5 }, {}],
    ['calls of 1e300', { calls: 1e300 }, {}],
    ['costUsd of 1e9', { costUsd: 1e9 }, {}],
    ...[0, -0.5, 1.1, Number.NaN].map((maxShare): [string, Limits, object] => [
      `maxShare of ${maxShare}`,
      {},
      { maxShare },
    ]),
    ...[0, -1, 1.5, Number.NaN, 1e300].map((minOutputTokens): [string, Limits, object] => [
      `minOutputTokens of ${minOutputTokens}`,
      {},
      { minOutputTokens },
    ]),
  ];
  for (const [name, limits, given] of bad) {
    it(name, () => assert.throws(() => defineBudget({ name: 'b', limits, ...given }), RangeError));
  }

  it('but accepts zero, a fraction of a dollar, or none', () => {
    for (const limits of [{}, { costUsd: 0.001, minutes: 0.5 }, { tokens: 0 }, { calls: undefined }]) {
      assert.deepEqual(defineBudget({ name: 'b', limits }).limits, limits);
    }
  });
});

describe('an amount that is not a whole number of zero or more', () => {
  const bad: readonly Partial<Amounts>[] = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53].flatMap(
    (value) => [{ tokens: value }, { costNanoUsd: value }, { calls: value }],
  );

  it('is not charged', () => {
    const { tracker } = trackerOf({ tokens: 10 });
    for (const one of bad) assert.throws(() => tracker.charge(amounts(one)), RangeError);
    assert.deepEqual(statusOf(tracker).balances.settled, amounts());
  });

  it('is not settled, and the reservation stays', () => {
    const { tracker } = trackerOf({ tokens: 100 });
    const request = reserveOf();
    syncValue(tracker.reserve(request));
    for (const one of bad) assert.throws(() => tracker.settle(request.id, amounts(one)), RangeError);
    assert.equal(statusOf(tracker).balances.open, 1);
    assert.equal(syncValue(tracker.settle(request.id, amounts({ tokens: 1 }))), true);
  });

  it('may be absent', () => {
    const { tracker } = trackerOf({ tokens: 10 });
    assert.throws(() => tracker.charge({ tokens: 5 } as Amounts), RangeError);
  });
});
