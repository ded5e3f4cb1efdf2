import { LIMIT_OF, limitAmounts } from '../limits.ts';
import type { Denied } from '../store.ts';

/**
 * Whether the call that was denied is one like those before it, at most twice the average: then what is left no longer
 * pays for the calls that are made. One call that is too large says nothing of the budget.
 */
export function isTypicalCallSize({
  budget,
  balances: { settled, granted },
  limit,
  requested,
}: Denied): boolean {
  const amount = LIMIT_OF.find(([, name]) => name === limit)?.[0];
  if (amount === undefined || settled[amount] >= limitAmounts(budget.limits, granted)[amount]) return true;
  return settled.calls > 0 && requested[amount] * settled.calls <= settled[amount] * 2;
}
