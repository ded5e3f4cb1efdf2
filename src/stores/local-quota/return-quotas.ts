import type { BudgetDefinition } from '../../budget/index.ts';
import type { QuotaPool } from './quota-pool.ts';

/**
 * Returns the quotas without open calls that hold a part of these budgets to the remote store. Never rejects.
 * @returns whether there was such a quota
 */
export async function returnIdleQuotas(
  pool: QuotaPool,
  budgets: readonly BudgetDefinition[],
): Promise<boolean> {
  const settlements: Promise<void>[] = [];
  for (const chain of new Set(budgets.flatMap((budget) => [...pool.chains.with(budget)]))) {
    pool.pauseRefills(chain);
    for (const quota of chain.quotas) {
      if (quota.open === 0 && quota.state !== 'settling') settlements.push(pool.settle(chain, quota));
    }
  }
  await Promise.all(settlements);
  return settlements.length > 0;
}

/** Tries to reserve something, and once more after idle quotas were returned. */
export async function reserveAfterReturn(
  pool: QuotaPool,
  budgets: readonly BudgetDefinition[],
  tryReserve: () => Promise<boolean>,
): Promise<boolean> {
  return (await tryReserve()) || ((await returnIdleQuotas(pool, budgets)) && tryReserve());
}
