import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Balances, defineBudget, NOTHING } from '../../src/budget/index.ts';
import {
  admittedOf,
  assertBalances,
  deniedOf,
  HELD,
  job,
  type MakeStore,
  MINUTE,
  org,
  request,
  team,
  testsOf,
  times,
  tokens,
} from './contract-support.ts';
import { registerTimeTests } from './contract-time.ts';
import { runStory, story } from './model-run.ts';

export type { StoreHarness, TestClock } from './contract-support.ts';

/**
 * Registers the tests that every store has to pass. For another kind of store, call it in a test file of its
 * own.
 * @param makeStore creates a new ledger for each test
 * @param runs how many random stories to try
 */
export function storeContract(name: string, makeStore: MakeStore, runs = 200): void {
  const { test } = testsOf(makeStore);
  describe(`the ${name} store, as every store,`, () => {
    test('has balances of zero for a budget that was never used', async ({ store }) => {
      await assertBalances(store, job, {});
    });

    for (const chain of [[job], [job, team], [job, team, org]]) {
      test(`reserves and settles on all budgets of a chain of ${chain.length}`, async ({ store }) => {
        const { outputCap, reserved } = admittedOf(await store.reserve(chain, request('a')));
        assert.deepEqual({ outputCap, reserved }, { outputCap: 50, reserved: HELD });
        for (const budget of chain) await assertBalances(store, budget, { reserved: HELD, open: 1 });
        assert.equal(await store.settle('a', tokens(33)), true);
        for (const budget of chain) await assertBalances(store, budget, { settled: tokens(33) });
      });

      for (const [index, denying] of chain.entries()) {
        test(`reserves on none of ${chain.length} budgets if number ${index + 1} denies`, async ({
          store,
        }) => {
          const spent = tokens((denying.limits.tokens ?? 0) - 5);
          await store.charge([denying], spent);
          const { budget, limit, requested, balances } = deniedOf(await store.reserve(chain, request('a')));
          assert.deepEqual([budget.name, limit], [denying.name, 'tokens']);
          assert.deepEqual(requested, { costNanoUsd: 7, tokens: 26, calls: 1 });
          assert.deepEqual([balances.settled, balances.open], [spent, 0]);
          for (const one of chain)
            await assertBalances(store, one, one === denying ? { settled: spent } : {});
          assert.equal(await store.settle('a', tokens(1)), false);
        });
      }
    }

    test('clamps a call to what is left, and one without a cap to its share', async ({ store }) => {
      await store.charge([job], tokens(900));
      const clamped = admittedOf(await store.reserve([job, team], request('a', { outputCap: 500 })));
      assert.equal(clamped.outputCap, 90);
      await store.release('a');
      const uncapped = request('b', { outputCap: 500, capped: false });
      assert.equal(admittedOf(await store.reserve([job, team], uncapped)).outputCap, 45);
      await assertBalances(store, team, { reserved: { ...HELD, tokens: 55 }, open: 1 });
    });

    test('applies the mode of each budget of a chain', async ({ store }) => {
      const soft = defineBudget({ name: 'soft', mode: 'soft', limits: { tokens: 50 } });
      const observed = defineBudget({ name: 'observed', mode: 'observe', limits: { tokens: 1 } });
      const chain = [observed, soft, job];
      assert.equal(admittedOf(await store.reserve(chain, request('a'))).outputCap, 50);
      assert.equal(admittedOf(await store.reserve(chain, request('b'))).outputCap, 50);
      await assertBalances(store, observed, { reserved: times(2, HELD), open: 2 });
      await store.settle('a', tokens(50));
      assert.equal(deniedOf(await store.reserve(chain, request('c'))).budget.name, 'soft');
      admittedOf(await store.reserve([observed, job], request('d')));
      await store.charge([job], tokens(1_000));
      assert.equal(deniedOf(await store.reserve([observed, job], request('e'))).budget.name, 'job');
    });

    test('admits as many concurrent calls as fit', async ({ store }) => {
      const calls = Array.from({ length: 40 }, (_, index) => request(`call ${index}`));
      const answers = await Promise.all(calls.map((one) => store.reserve([job, team], one)));
      const admitted = calls.filter((_, index) => answers[index]?.admitted === true);
      // The last one is clamped to the 30 tokens that are left.
      assert.equal(admitted.length, 17);
      const reserved = { costNanoUsd: 119, tokens: 1_000, calls: 17 };
      for (const budget of [job, team]) await assertBalances(store, budget, { reserved, open: 17 });
      await Promise.all(admitted.map(({ id }) => store.settle(id, tokens(1))));
      await assertBalances(store, team, { settled: times(17, tokens(1)) });
    });

    test('reports no other balances with a settlement than those after it', async ({ store }) => {
      const chain = [job, team];
      for (const id of ['a', 'b', 'c']) await store.reserve(chain, request(id));
      for (const [id, used] of [
        ['a', tokens(33)],
        ['b', NOTHING],
        ['c', tokens(5_000)],
      ] as const) {
        const seen = new Map<string, Balances>();
        await store.settle(id, used, seen);
        for (const budget of chain) {
          const reported = seen.get(budget.name);
          if (reported !== undefined) assert.deepEqual(reported, await store.balances(budget));
        }
      }
    });

    test('charges without a reservation, even beyond the limit', async ({ store }) => {
      await store.charge([job, team], tokens(20));
      await store.charge([job], tokens(5_000));
      await assertBalances(store, job, { settled: { costNanoUsd: 0, tokens: 5_020, calls: 2 } });
      await assertBalances(store, team, { settled: tokens(20) });
    });

    test('makes a named charge once, and only if it follows the last one of its source', async ({
      store,
    }) => {
      const charge = async (source: string, after: number, position: number): Promise<number> =>
        store.chargeOnce([job, team], tokens(10), { source, after, position, at: Date.now() });
      assert.equal(await charge('a', 0, 3), 3);
      assert.equal(await charge('a', 0, 3), 3);
      assert.equal(await charge('a', 0, 9), 3);
      assert.equal(await charge('b', 0, 1), 1);
      assert.equal(await charge('a', 3, 4), 4);
      for (const budget of [job, team])
        await assertBalances(store, budget, { settled: { costNanoUsd: 0, tokens: 30, calls: 3 } });
    });

    test('settles more or less than was reserved', async ({ store }) => {
      for (const id of ['a', 'b', 'c']) await store.reserve([job, team], request(id));
      assert.equal(await store.settle('b', NOTHING), true);
      assert.equal(await store.settle('c', tokens(9_000)), true);
      const settled = tokens(9_000);
      for (const budget of [job, team])
        await assertBalances(store, budget, { settled, reserved: HELD, open: 1 });
    });

    test('ends a reservation once, and none that was never made', async ({ store }) => {
      for (const id of ['settled', 'released']) await store.reserve([job], request(id));
      assert.equal(await store.settle('settled', tokens(3)), true);
      assert.equal(await store.release('released'), true);
      for (const id of ['settled', 'released', 'unknown', '']) {
        assert.equal(await store.settle(id, tokens(50)), false);
        assert.equal(await store.release(id), false);
        assert.equal(await store.grow([job], id, tokens(1)), false);
      }
      await store.heartbeat(['settled', 'unknown'], MINUTE);
      await store.heartbeat([], MINUTE);
      await assertBalances(store, job, { settled: tokens(3) });
    });

    test('grows a reservation if every strict budget can pay for it', async ({ store }) => {
      const soft = defineBudget({ name: 'soft', mode: 'soft', limits: { tokens: 100 } });
      const chain = [soft, job, team];
      await store.reserve(chain, request('a'));
      assert.equal(await store.grow(chain, 'a', tokens(940)), true);
      const reserved = { costNanoUsd: 7, tokens: 1_000, calls: 2 };
      assert.equal(await store.grow(chain, 'a', tokens(1)), false);
      for (const budget of chain) await assertBalances(store, budget, { reserved, open: 1 });
      assert.equal(await store.settle('a', tokens(999)), true);
      for (const budget of chain) await assertBalances(store, budget, { settled: tokens(999) });
    });

    test('transfers a reservation to another id', async ({ store }) => {
      await store.reserve([job, team], request('a'));
      await store.reserve([job], request('b'));
      assert.equal(await store.transfer('a', 'batch_1', MINUTE), true);
      for (const id of ['a', 'unknown']) assert.equal(await store.transfer(id, 'batch_2', MINUTE), false);
      // The id is in use.
      assert.equal(await store.transfer('b', 'batch_1', MINUTE), false);
      await assertBalances(store, team, { reserved: HELD, open: 1 });
      assert.equal(await store.settle('a', tokens(50)), false);
      assert.equal(await store.grow([job, team], 'batch_1', tokens(1)), true);
      assert.equal(await store.settle('batch_1', tokens(33)), true);
      assert.equal(await store.settle('batch_1', tokens(33)), false);
      for (const budget of [job, team]) {
        const rest = budget === job ? { reserved: HELD, open: 1 } : {};
        await assertBalances(store, budget, { settled: tokens(33), ...rest });
      }
    });

    test('returns balances that do not change later', async ({ store }) => {
      const before = await store.balances(job);
      const { balances } = deniedOf(await store.reserve([job], request('a', { fixed: tokens(2_000) })));
      await store.charge([job], tokens(7));
      assert.deepEqual([before.settled, balances.settled], [NOTHING, NOTHING]);
    });

    test('is exact up to 2^53', async ({ store }) => {
      const vast = defineBudget({ name: 'vast', limits: { tokens: Number.MAX_SAFE_INTEGER } });
      const most = {
        costNanoUsd: Number.MAX_SAFE_INTEGER - 3,
        tokens: Number.MAX_SAFE_INTEGER - 3,
        calls: 0,
      };
      await store.charge([vast], most);
      const one = { costNanoUsd: 1, tokens: 1, calls: 0 };
      const small = { fixed: one, outputCap: 1, choices: 1 };
      assert.deepEqual(admittedOf(await store.reserve([vast], request('a', small))).reserved.tokens, 2);
      assert.equal(await store.grow([vast], 'a', { ...one, tokens: 2 }), false);
      assert.equal(await store.grow([vast], 'a', one), true);
      const reserved = { costNanoUsd: 2, tokens: 3, calls: 0 };
      await assertBalances(store, vast, { settled: most, reserved, open: 1 });
      await store.settle('a', { costNanoUsd: 3, tokens: 3, calls: 0 });
      const settled = { costNanoUsd: Number.MAX_SAFE_INTEGER, tokens: Number.MAX_SAFE_INTEGER, calls: 0 };
      await assertBalances(store, vast, { settled });
      assert.equal(deniedOf(await store.reserve([vast], request('b', small))).limit, 'tokens');
    });

    test('accepts any text as a name', async ({ store }) => {
      const texts = [
        '',
        ' ',
        `'"\`;--`,
        '{a}:*?[b]\\',
        '預算 💰 é',
        'e\u0301',
        'a\nb',
        'a\0b',
        'x'.repeat(200),
        'Job',
        'job',
      ];
      for (const [index, text] of texts.entries()) {
        const budget = defineBudget({ name: text, limits: { calls: 1_000 } });
        admittedOf(await store.reserve([budget, org], request(text)));
        assert.equal(await store.grow([budget, org], text, tokens(index)), true);
        assert.equal(await store.settle(text, tokens(index)), true);
      }
      for (const [index, text] of texts.entries()) {
        await assertBalances(store, defineBudget({ name: text, limits: {} }), { settled: tokens(index) });
      }
    });

    test('charges what a dead holder left in full, by the prefix of its ids', async ({ store }) => {
      for (const id of ['run#1/a', 'run#1/b', 'run#10/a', 'other']) {
        admittedOf(await store.reserve([job, team], request(id)));
      }
      const abandoned = await store.chargeAbandoned('run#1/');
      assert.deepEqual(
        abandoned.toSorted((a, b) => a.id.localeCompare(b.id)),
        [
          { id: 'run#1/a', charged: HELD },
          { id: 'run#1/b', charged: HELD },
        ],
      );
      for (const budget of [job, team]) {
        await assertBalances(store, budget, { settled: times(2, HELD), reserved: times(2, HELD), open: 2 });
      }
      // Its holder may be alive after all: what it settles was charged already.
      assert.equal(await store.settle('run#1/a', tokens(3)), false);
      assert.deepEqual(await store.chargeAbandoned('run#1/'), []);
      assert.equal(await store.settle('run#10/a', tokens(3)), true);
    });

    registerTimeTests(makeStore);

    it('has the balances of the model after any sequence of operations', async (context) => {
      const seed = Number(process.env['CONTRACT_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
      context.diagnostic(`CONTRACT_SEED=${seed}`);
      const property = fc.asyncProperty(story, async (one) => {
        const harness = await makeStore();
        try {
          if (harness.clock === undefined) context.skip('no clock that can be set');
          else await runStory(one, { ...harness, clock: harness.clock });
        } finally {
          await harness.close();
        }
      });
      await fc.assert(property, { seed, numRuns: runs });
    });
  });
}
