import assert from 'node:assert/strict';
import { defineBudget, type SettledBalances, type Store } from '../../src/budget/index.ts';
import type { MaybePromise } from '../../src/util/index.ts';
import {
  admittedOf,
  assertBalances,
  deniedOf,
  HELD,
  HOUR,
  job,
  type MakeStore,
  MINUTE,
  org,
  request,
  team,
  testsOf,
  tokens,
} from './contract-support.ts';

/** Registers the tests of what depends on time or outlives a process: windows, leases, the stored ledger. */
export function registerTimeTests(makeStore: MakeStore): void {
  const { test, testInTime } = testsOf(makeStore);

  testInTime('counts time from the first read of a budget', async ({ store, clock, driftMs = 0 }) => {
    const short = defineBudget({ name: 'short', limits: { minutes: 3 } });
    const began = clock.now();
    await store.balances(short);
    await clock.advance(2 * MINUTE);
    admittedOf(await store.reserve([short], request('a')));
    await clock.advance(MINUTE + driftMs);
    assert.equal(deniedOf(await store.reserve([short], request('b'))).limit, 'minutes');
    const { startedAt } = await store.balances(short);
    assert.ok(Math.abs(startedAt - began) <= driftMs, `${startedAt - began}`);
  });

  for (const [per, span] of [
    ['hour', HOUR],
    ['day', 24 * HOUR],
  ] as const) {
    testInTime(
      `starts from zero each ${per}, and settles in the window of the reservation`,
      async (harness) => {
        const { store, clock } = harness;
        const windowed = defineBudget({
          name: 'w',
          limits: { tokens: 100 },
          window: { per, timeZone: 'UTC' },
        });
        const chain = [windowed, org];
        await clock.advance(span - (clock.now() % span) + span / 2);
        const start = clock.now() - (clock.now() % span);
        admittedOf(await store.reserve(chain, request('a', { leaseMs: 10 * span })));
        assert.equal((await store.balances(windowed)).startedAt, start);
        assert.ok(
          !(await store.reserve(chain, request('b', { outputCap: 100, fixed: tokens(30) }))).admitted,
        );
        await clock.advance(span);
        await assertBalances(store, windowed, {});
        assert.equal((await store.balances(windowed)).startedAt, start + span);
        admittedOf(await store.reserve(chain, request('c', { leaseMs: 10 * span })));
        assert.equal(await store.grow(chain, 'a', tokens(20)), true);
        assert.equal(await store.grow(chain, 'a', tokens(30)), false);
        const seen: SettledBalances = new Map();
        assert.equal(await store.settle('a', tokens(77), seen), true);
        assert.ok(!seen.has(windowed.name), 'reports nothing of a window that is over');
        await assertBalances(store, windowed, { reserved: HELD, open: 1 });
        await assertBalances(store, org, { settled: tokens(77), reserved: HELD, open: 1 });
      },
    );
  }

  testInTime('charges a reservation in full when its lease ends', async (harness, context) => {
    const { store, clock, reopen } = harness;
    if (reopen === undefined) return context.skip('its reservations end with their process');
    for (const id of ['dies', 'lives'])
      await store.reserve([job, team], request(id, { leaseMs: 3 * MINUTE }));
    await store.grow([job, team], 'dies', tokens(5));
    const held = { costNanoUsd: 7, tokens: 65, calls: 2 };
    for (let beat = 0; beat < 3; beat += 1) {
      await clock.advance(2 * MINUTE);
      await store.heartbeat(['lives'], 3 * MINUTE);
      // Never earlier than it was extended to before.
      await store.heartbeat(['lives'], MINUTE);
    }
    for (const budget of [job, team])
      await assertBalances(store, budget, { settled: held, reserved: HELD, open: 1 });
    await store.heartbeat(['dies'], MINUTE);
    assert.equal(await store.settle('dies', tokens(1)), false);
    assert.equal(await store.grow([job, team], 'dies', tokens(1)), false);
    assert.equal(await store.settle('lives', tokens(1)), true);
    await assertBalances(store, team, { settled: { costNanoUsd: 7, tokens: 66, calls: 3 } });
  });

  testInTime(
    'charges a transferred reservation in full when its own lease ends',
    async (harness, context) => {
      const { store, clock, reopen } = harness;
      if (reopen === undefined) return context.skip('its reservations end with their process');
      await store.reserve([job, team], request('a', { leaseMs: 3 * MINUTE }));
      assert.equal(await store.transfer('a', 'batch_1', 2 * HOUR), true);
      const other = await reopen();
      await clock.advance(HOUR);
      await store.heartbeat(['a'], 24 * HOUR);
      await assertBalances(other, team, { reserved: HELD, open: 1 });
      await clock.advance(HOUR + MINUTE);
      assert.equal(await other.settle('batch_1', tokens(1)), false);
      for (const budget of [job, team]) await assertBalances(other, budget, { settled: HELD });
    },
  );

  const firstCalls: Readonly<Record<string, (store: Store) => MaybePromise<unknown>>> = {
    balances: (store) => store.balances(job),
    reserve: (store) => store.reserve([team], request('b', { leaseMs: MINUTE })),
    grow: (store) => store.grow([job], 'a', tokens(1)),
    settle: (store) => store.settle('a', tokens(1)),
    release: (store) => store.release('a'),
    transfer: (store) => store.transfer('a', 'batch_1', HOUR),
    charge: (store) => store.charge([team], tokens(1)),
    heartbeat: (store) => store.heartbeat(['a'], HOUR),
  };
  for (const [name, call] of Object.entries(firstCalls)) {
    testInTime(`ends a lease if ${name} is the first call after it`, async (harness, context) => {
      const { store, clock, reopen } = harness;
      if (reopen === undefined) return context.skip('its reservations end with their process');
      await store.reserve([job], request('a', { leaseMs: 3 * MINUTE }));
      await clock.advance(4 * MINUTE);
      const answer = await call(store);
      if (typeof answer === 'boolean') assert.equal(answer, false);
      await assertBalances(store, job, { settled: HELD });
      assert.equal(await store.settle('a', tokens(1)), false);
    });
  }

  test('shares its ledger with other stores, and keeps it', async ({ store, reopen }, context) => {
    if (reopen === undefined) return context.skip('it keeps nothing');
    await store.reserve([job, team], request('a'));
    await store.charge([team], tokens(4));
    const other = await reopen();
    await assertBalances(other, team, { settled: tokens(4), reserved: HELD, open: 1 });
    assert.equal(await other.settle('a', tokens(6)), true);
    assert.equal(await store.settle('a', tokens(6)), false);
    await assertBalances(store, job, { settled: tokens(6) });
  });
}
