import { largestShare, type RemainingAmounts, remainingOf } from '../consumption.ts';
import type { BudgetDefinition } from '../definition.ts';
import { raisedLimits } from '../limits.ts';
import type { Balances } from '../store.ts';

/** A budget as it stands. Amounts of money are USD, for people; `balances` has the exact integers. */
export interface BudgetStatus {
  readonly budget: string;
  readonly mode: BudgetDefinition['mode'];
  /** With what was granted on top of them. */
  readonly limits: BudgetDefinition['limits'];
  /** Absent where the budget never begins anew. */
  readonly window?: NonNullable<BudgetDefinition['window']>;
  /** Limits less what is settled and reserved, never below zero. */
  readonly left: RemainingAmounts;
  /** The largest share of a limit that is settled: 1 is all of it; 0 without limits. */
  readonly usedShare: number;
  readonly exhausted: boolean;
  readonly balances: Balances;
  /** How long ago the budget began, milliseconds. */
  readonly elapsedMs: number;
}

/**
 * The status that balances amount to.
 * @param exhausted whether the budget is known to be
 */
export function statusOf(
  budget: BudgetDefinition,
  balances: Balances,
  now: number,
  exhausted: boolean,
): BudgetStatus {
  const { share } = largestShare(budget, balances, now);
  return {
    budget: budget.name,
    mode: budget.mode,
    limits: raisedLimits(budget.limits, balances.granted),
    ...(budget.window === undefined ? {} : { window: budget.window }),
    left: remainingOf(budget, balances, now),
    usedShare: Math.max(0, share),
    exhausted: exhausted || share >= 1,
    balances,
    elapsedMs: Math.max(0, now - balances.startedAt),
  };
}
