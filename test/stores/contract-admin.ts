import assert from 'node:assert/strict';
import { describe } from 'node:test';
import {
  type Amounts,
  type BudgetDefinition,
  defineBudget,
  type Grant,
  type LedgerAccount,
  type LedgerAdmin,
  NO_GRANT,
  type Store,
} from '../../src/budget/index.ts';
import {
  admittedOf,
  assertBalances,
  deniedOf,
  HELD,
  HOUR,
  job,
  type MakeStore,
  MINUTE,
  request,
  type StoreHarness,
  team,
  testsOf,
  tokens,
} from './contract-support.ts';

/** A ledger that can be administered. */
export interface AdminHarness extends StoreHarness {
  readonly store: Store & LedgerAdmin;
  readonly administration: LedgerAdmin;
}

/** Registers the tests that a store which outlives its processes has to pass. */
export function adminContract(name: string, makeStore: () => Promise<AdminHarness>): void {
  const { test, testInTime } = testsOf(makeStore as MakeStore);
  const administered = (store: Store): Store & LedgerAdmin => store as Store & LedgerAdmin;

  describe(`the ${name} store, administered,`, () => {
    test('lists the accounts that were used, and no others', async ({ store }) => {
      const ledger = administered(store);
      assert.deepEqual(await ledger.accounts(), []);
      const daily = defineBudget({
        name: 'a:b',
        limits: { costUsd: 2, calls: 5 },
        mode: 'soft',
        window: { per: 'day', timeZone: 'Asia/Kathmandu' },
        parent: team,
      });
      await store.reserve([daily, team], request('a'));
      await store.balances(job);
      const accounts = await ledger.accounts();
      assert.deepEqual(accounts.map(({ budget }) => budget).sort(), ['a:b', 'job', 'team']);
      const { definition, window, balances } = find(accounts, daily);
      const { limits, mode } = daily;
      assert.deepEqual(definition, { limits, mode, window: daily.window, parent: 'team' });
      assert.deepEqual([balances.reserved, balances.open, balances.granted], [HELD, 1, undefined]);
      assert.ok(window !== undefined && window.end - window.start === 24 * HOUR);
      assert.equal((window.start / MINUTE) % 60, 15, 'begins at midnight of the time zone');
      assert.equal(find(accounts, team).window, undefined);
    });

    test('stores the definition that was last used', async ({ store, reopen }) => {
      const ledger = administered(store);
      await store.charge([job], tokens(1));
      const raised = defineBudget({ ...job, limits: { tokens: 2_000, calls: 7 } });
      await (await reopen?.())?.charge([raised], tokens(1));
      assert.deepEqual(find(await ledger.accounts(), job).definition?.limits, raised.limits);
    });

    test('lists more accounts than one answer holds, each once', async ({ store }) => {
      const names = Array.from({ length: 700 }, (_, index) => `job-${index}`);
      const chains = names.map((one) => [defineBudget({ name: one, limits: { calls: 5 } })]);
      for (let from = 0; from < chains.length; from += 100) {
        await Promise.all(chains.slice(from, from + 100).map((chain) => store.charge(chain, tokens(1))));
      }
      const found = (await administered(store).accounts()).map(({ budget }) => budget);
      assert.deepEqual(found.sort(), names.sort());
    });

    for (const [limit, value, grant] of [
      ['costUsd', 0.000_001, { costNanoUsd: 10 }],
      ['tokens', 100, { tokens: 60 }],
      ['calls', 2, { calls: 1 }],
    ] as const) {
      test(`admits as much more as ${limit} was raised by, in other processes too`, async (harness) => {
        const { store, reopen } = harness;
        const budget = defineBudget({ name: 'job', limits: { [limit]: value } });
        const full = spentUpTo(budget);
        await store.charge([budget, team], full);
        assert.equal(deniedOf(await store.reserve([budget, team], request('a'))).limit, limit);
        const other = (await reopen?.()) ?? store;
        const { granted, settled } = await administered(other).raise(budget, { ...NO_GRANT, ...grant });
        assert.deepEqual([granted, settled], [{ ...NO_GRANT, ...grant }, full]);
        const { reserved } = admittedOf(await store.reserve([budget, team], request('a')));
        const { balances } = deniedOf(await store.reserve([budget, team], request('b')));
        assert.deepEqual([balances.granted, balances.reserved], [granted, reserved]);
        assert.equal(await store.grow([budget, team], 'a', { costNanoUsd: 500, tokens: 1, calls: 1 }), false);
        assert.deepEqual((await store.balances(team)).granted, undefined);
      });
    }

    testInTime('raises the time limit as well', async ({ store, clock }) => {
      const short = defineBudget({ name: 'short', limits: { minutes: 3 } });
      await store.balances(short);
      await clock.advance(4 * MINUTE);
      assert.equal(deniedOf(await store.reserve([short], request('a'))).limit, 'minutes');
      await administered(store).raise(short, { ...NO_GRANT, milliseconds: 3 * MINUTE });
      admittedOf(await store.reserve([short], request('a')));
      await clock.advance(3 * MINUTE);
      assert.equal(deniedOf(await store.reserve([short], request('b'))).limit, 'minutes');
    });

    test('clamps and shares by the raised limit, and grows up to it', async ({ store }) => {
      const ledger = administered(store);
      await ledger.raise(job, { ...NO_GRANT, tokens: 600 });
      await ledger.raise(job, { ...NO_GRANT, tokens: 400, calls: 3 });
      const uncapped = request('a', { outputCap: 5_000, capped: false });
      assert.equal(admittedOf(await store.reserve([job], uncapped)).outputCap, 995);
      const capped = request('b', { outputCap: 5_000 });
      assert.equal(admittedOf(await store.reserve([job], capped)).outputCap, 985);
      await store.release('a');
      assert.equal(await store.grow([job], 'b', tokens(1_006)), false);
      assert.equal(await store.grow([job], 'b', tokens(1_005)), true);
    });

    test('rejects an empty grant, and one of fractions', async ({ store }) => {
      const ledger = administered(store);
      const wrong: Partial<Grant>[] = [{}, { tokens: 1.5 }, { calls: -1 }, { milliseconds: Number.NaN }];
      for (const grant of wrong) {
        await assert.rejects(async () => ledger.raise(job, { ...NO_GRANT, ...grant }), RangeError);
      }
      assert.deepEqual(await ledger.accounts(), []);
    });

    test('keeps settled and reserved within limit and grants while others reserve', async (harness) => {
      const { store, reopen } = harness;
      const other = administered((await reopen?.()) ?? store);
      const calls = Array.from({ length: 60 }, (_, index) => `call ${index}`);
      let granted = 0;
      const raise = async (): Promise<void> => {
        for (let times = 0; times < 5; times += 1) {
          granted = (await other.raise(job, { ...NO_GRANT, tokens: 200 })).granted?.tokens ?? 0;
        }
      };
      const spend = async (id: string): Promise<number> => {
        const answer = await store.reserve([job, team], request(id, { outputCap: 40 }));
        const { settled, reserved, granted: seen } = await store.balances(job);
        assert.ok(settled.tokens + reserved.tokens <= 1_000 + (seen?.tokens ?? 0));
        if (answer.admitted) await store.settle(id, tokens(50));
        return answer.admitted ? 50 : 0;
      };
      const [, ...spent] = await Promise.all([raise(), ...calls.map(spend)]);
      assert.equal(granted, 1_000);
      const sum = spent.reduce((total, one) => total + one, 0);
      assert.ok(sum <= 2_000 && sum >= 1_000, `${sum}`);
      assert.equal((await store.balances(job)).settled.tokens, sum);
    });

    testInTime('starts from zero after a reset, and then charges what is open', async (harness) => {
      const { store, clock, driftMs = 0 } = harness;
      const ledger = administered(store);
      await store.reserve([job, team], request('open'));
      await store.charge([job, team], tokens(900));
      await clock.advance(5 * MINUTE);
      const before = await ledger.reset(job);
      assert.deepEqual([before.settled, before.reserved], [tokens(900), HELD]);
      const after = await store.balances(job);
      assert.ok(Math.abs(after.startedAt - clock.now()) <= driftMs);
      await assertBalances(store, job, { reserved: HELD, open: 1 });
      await assertBalances(store, team, { settled: tokens(900), reserved: HELD, open: 1 });
      assert.equal(admittedOf(await store.reserve([job], request('b', { outputCap: 900 }))).outputCap, 900);
      await store.settle('open', tokens(44));
      await store.release('b');
      await assertBalances(store, job, { settled: tokens(44) });
    });

    test('takes grants back by a reset, except what open calls reserve of them', async ({ store }) => {
      const ledger = administered(store);
      await ledger.raise(job, { costNanoUsd: 3, tokens: 5_000, calls: 0, milliseconds: 9 });
      admittedOf(await store.reserve([job], request('a', { outputCap: 3_000 })));
      await ledger.reset(job);
      const granted = { costNanoUsd: 3, tokens: 3_010, calls: 0, milliseconds: 0 };
      assert.deepEqual((await store.balances(job)).granted, granted);
      await store.release('a');
      await ledger.reset(job);
      assert.equal((await store.balances(job)).granted, undefined);
    });

    testInTime('raises and resets the present window only', async ({ store, clock }) => {
      const ledger = administered(store);
      const hourly = defineBudget({
        name: 'h',
        limits: { calls: 2 },
        window: { per: 'hour', timeZone: 'UTC' },
      });
      await clock.advance(HOUR - (clock.now() % HOUR) + MINUTE);
      await store.charge([hourly], tokens(1));
      await ledger.raise(hourly, { ...NO_GRANT, calls: 5 });
      await clock.advance(HOUR);
      await ledger.raise(hourly, { ...NO_GRANT, calls: 1 });
      assert.equal((await store.balances(hourly)).granted?.calls, 1);
      await ledger.reset(hourly);
      const kept = (await ledger.accounts()).map(({ window, balances }) => [
        window?.start,
        balances.granted?.calls,
      ]);
      const [first] = kept.sort(([a = 0], [b = 0]) => a - b);
      assert.deepEqual([kept.length, first?.[1]], [2, 5]);
    });

    testInTime('returns what was charged, minute by minute', async ({ store, clock }) => {
      const ledger = administered(store);
      await clock.advance(MINUTE - (clock.now() % MINUTE) + 5_000);
      const began = clock.now();
      await store.charge([job, team], tokens(5));
      for (const id of ['a', 'b', 'c']) await store.reserve([job], request(id, { leaseMs: 10 * MINUTE }));
      await store.settle('a', { costNanoUsd: 4, tokens: 20, calls: 1 });
      await store.release('b');
      await clock.advance(3 * MINUTE);
      await store.charge([job], tokens(7));
      await clock.advance(20 * MINUTE);
      // The lease of the third has ended meanwhile.
      const spending = await ledger.spending('job');
      const first = began - (began % MINUTE);
      const at = (minutes: number, used: Amounts) => ({ minute: first + minutes * MINUTE, used });
      assert.deepEqual(spending, [
        at(0, { costNanoUsd: 4, tokens: 25, calls: 2 }),
        at(3, tokens(7)),
        at(23, HELD),
      ]);
      assert.deepEqual(await ledger.spending('team'), [at(0, tokens(5))]);
      assert.deepEqual(await ledger.spending('unused'), []);
      await clock.advance(50 * HOUR);
      await store.charge([job], tokens(1));
      assert.equal((await ledger.spending('job')).at(-1)?.minute, first + 3_023 * MINUTE);
    });

    testInTime('keeps spending for two days, without growing', async ({ store, clock }) => {
      const hourly = defineBudget({ name: 'h', limits: {}, window: { per: 'hour', timeZone: 'UTC' } });
      for (let hours = 0; hours < 60; hours += 10) {
        await store.charge([job, hourly], tokens(1));
        await clock.advance(10 * HOUR);
      }
      assert.ok((await administered(store).spending('job')).length <= 6);
    });
  });
}

/** The most that its limits allow, of what is limited. */
function spentUpTo({ limits }: BudgetDefinition): Amounts {
  const costNanoUsd = Math.round((limits.costUsd ?? 0) * 1e9);
  return { costNanoUsd, tokens: limits.tokens ?? 0, calls: limits.calls ?? 0 };
}

function find(accounts: readonly LedgerAccount[], budget: BudgetDefinition): LedgerAccount {
  const account = accounts.find((one) => one.budget === budget.name);
  assert.ok(account, `${budget.name} is listed`);
  return account;
}
