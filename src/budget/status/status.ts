import { largestShare, type RemainingAmounts, remainingOf } from '../consumption.ts';
import type { BudgetDefinition } from '../definition.ts';
import { raisedLimits } from '../limits.ts';
import type { Balances } from '../store.ts';

/** The status of a budget. Amounts of money are USD, for people; `balances` has the exact integers. */
export interface BudgetStatus {
  readonly budget: string;
  readonly mode: BudgetDefinition['mode'];
  /** The limits plus grants. */
  readonly limits: BudgetDefinition['limits'];
  /** Absent if the budget is never renewed. */
  readonly window?: NonNullable<BudgetDefinition['window']>;
  /** The limits minus what is settled and reserved, never below zero. */
  readonly left: RemainingAmounts;
  /** The largest settled share of a limit: 1 is all of it; 0 without limits. */
  readonly usedShare: number;
  readonly exhausted: boolean;
  readonly balances: Balances;
  /** The time since the budget began, milliseconds. */
  readonly elapsedMs: number;
}

/**
 * Returns the status of a budget with these balances.
 * @param exhausted whether the budget is known to be exhausted
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
