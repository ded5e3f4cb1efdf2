import { LIMIT_OF, limitAmounts } from '../limits.ts';
import type { Denied } from '../store.ts';

/**
 * Whether a denied call has a typical size, at most twice the average of the calls before it: then what is
 * left no longer pays for such calls. A single oversized call does not mark the budget as exhausted.
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
