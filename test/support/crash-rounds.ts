import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BudgetDefinition, defineBudget, type Store } from '../../src/budget/index.ts';
import { eventually } from './eventually.ts';
import { runSpenders, type Spent } from './spenders.ts';

const FIRST_SEED = 7_100;
const LIMIT_NANO_USD = 1_000_000_000;
const LEASE_MS = 800;

/** A store of the round's own that processes can open by the setting, and this one directly. */
export interface RoundStore {
  readonly setting: string;
  /** Whether processes reserve local quotas of it. */
  readonly localQuota?: boolean;
  readonly open: () => Store;
  readonly close: () => Promise<void>;
}

const budget: BudgetDefinition = defineBudget({ name: 'shared', limits: { costUsd: 1 } });

/**
 * Registers the rounds: 8 processes with 50 calls in parallel each spend one budget of $1, some are killed meanwhile, and what the
 * service billed has to stay within it.
 */
export function crashRounds(
  name: string,
  makeStore: () => Promise<RoundStore>,
  { skip = false, rounds = 10 }: { skip?: string | false; rounds?: number } = {},
): void {
  for (let round = 0; round < rounds; round += 1) {
    const seed = FIRST_SEED + round;
    test(`8 processes × 50 calls in parallel on $1 in ${name}, some killed (seed ${seed})`, {
      skip,
    }, async (t) => {
      const store = await makeStore();
      try {
        const spent = await spend(store, seed, 'strict', 1 + (seed % 4));
        const opened = store.open();
        const { settled, reserved, open } = await eventually('the leases of the dead are over', async () => {
          const balances = await opened.balances(budget);
          return balances.open === 0 && balances;
        });
        await opened.close();
        t.diagnostic(describe(spent, settled.costNanoUsd));
        assert.equal(spent.stderr, '');
        assert.ok(spent.billed <= LIMIT_NANO_USD, `billed ${spent.billed}`);
        assert.ok(settled.costNanoUsd <= LIMIT_NANO_USD, `settled ${settled.costNanoUsd}`);
        assert.ok(
          settled.costNanoUsd >= spent.billed,
          `settled ${settled.costNanoUsd}, billed ${spent.billed}`,
        );
        assert.ok(
          settled.costNanoUsd >= 0.9 * LIMIT_NANO_USD,
          `${settled.costNanoUsd} used; ${spent.outputs.join(' ')}`,
        );
        assert.deepEqual([reserved.costNanoUsd, reserved.tokens, open], [0, 0, 0]);
      } finally {
        await store.close();
      }
    });
  }

  test(`the same with a soft limit in ${name} passes it`, { skip }, async (t) => {
    const store = await makeStore();
    try {
      const spent = await spend(store, FIRST_SEED, 'soft', 0);
      t.diagnostic(describe(spent, spent.billed));
      assert.ok(spent.billed > LIMIT_NANO_USD, `billed ${spent.billed}`);
    } finally {
      await store.close();
    }
  });
}

function spend(store: RoundStore, seed: number, mode: 'strict' | 'soft', kills: number): Promise<Spent> {
  return runSpenders({
    seed,
    processes: 8,
    workers: 50,
    kills,
    config: {
      name: 'shared',
      mode,
      limits: { costUsd: 1 },
      store: store.setting,
      ...(store.localQuota === undefined ? {} : { localQuota: store.localQuota }),
      waitMs: 1_500,
      leaseMs: LEASE_MS,
    },
  });
}

function describe({ billed, calls, killed }: Spent, settled: number): string {
  const usd = (nano: number): string => `$${(nano / 1e9).toFixed(4)}`;
  return `billed ${usd(billed)}, settled ${usd(settled)} of $1; ${calls} calls, ${killed} processes killed`;
}
