import type { Amounts } from '../../budget/index.ts';
import { type KnownBudget, mapAmounts } from './accounting/index.ts';

/**
 * Returns how large a quota may be: enough for `calls` calls like this one, but of each limited amount no
 * more than a share of what the tightest strict budget has left, so that quotas shrink as the budget runs
 * out.
 * @param need what one call reserves
 * @returns undefined if it would not hold two calls: then each call is reserved on the remote store
 */
export function quotaSize(
  budgets: readonly KnownBudget[],
  need: Amounts,
  { calls, maxShare }: { readonly calls: number; readonly maxShare: number },
): Amounts | undefined {
  const size = mapAmounts((name) =>
    Math.min(need[name] * calls, Math.floor(shareOfLeft(budgets, name, maxShare))),
  );
  const tooLittle = mapAmounts((name) => (size[name] >= need[name] * 2 ? 0 : 1));
  return tooLittle.costNanoUsd + tooLittle.tokens + tooLittle.calls === 0 ? size : undefined;
}

/** Whether what a quota has free is far more than a new one would get. */
export function isTooLarge(budgets: readonly KnownBudget[], free: Amounts, maxShare: number): boolean {
  const over = mapAmounts((name) => (free[name] > 2 * shareOfLeft(budgets, name, maxShare) ? 1 : 0));
  return over.costNanoUsd + over.tokens + over.calls > 0;
}

function shareOfLeft(budgets: readonly KnownBudget[], name: keyof Amounts, share: number): number {
  let least = Infinity;
  for (const { budget, view } of budgets) {
    if (budget.mode !== 'strict') continue;
    least = Math.min(least, Math.max(0, view.leftBesideQuotas(name, budget)) * share);
  }
  return least;
}
