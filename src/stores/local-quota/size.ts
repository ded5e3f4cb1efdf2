import type { Amounts, BudgetDefinition } from '../../budget/index.ts';
import { eachAmount } from './accounting/index.ts';
import type { View } from './ledger-view.ts';

/** A budget of a chain, as it is defined there, and what is known of its balances. */
export interface Seen {
  readonly budget: BudgetDefinition;
  readonly view: View;
}

/**
 * How large a slice may be: enough for many calls such as this one, but of each limited amount no more than a share of what the
 * narrowest strict budget has left, so that slices shrink as the budget runs out.
 * @returns undefined where it would not hold two calls: then each is reserved on the remote store
 */
export function sliceSize(
  seen: readonly Seen[],
  need: Amounts,
  { share, ahead }: { readonly share: number; readonly ahead: number },
): Amounts | undefined {
  const size = eachAmount((name) => Math.min(need[name] * ahead, Math.floor(shareOfLeft(seen, name, share))));
  const enough = eachAmount((name) => (size[name] >= need[name] * 2 ? 0 : 1));
  return enough.costNanoUsd + enough.tokens + enough.calls === 0 ? size : undefined;
}

/** Whether what a slice has free is by far more than a new one would get. */
export function tooLarge(seen: readonly Seen[], free: Amounts, share: number): boolean {
  const over = eachAmount((name) => (free[name] > 2 * shareOfLeft(seen, name, share) ? 1 : 0));
  return over.costNanoUsd + over.tokens + over.calls > 0;
}

function shareOfLeft(seen: readonly Seen[], name: keyof Amounts, share: number): number {
  let least = Infinity;
  for (const { budget, view } of seen) {
    if (budget.mode !== 'strict') continue;
    least = Math.min(least, Math.max(0, view.leftBesideSlices(name, budget)) * share);
  }
  return least;
}
