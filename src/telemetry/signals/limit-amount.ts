import type { Amounts, LimitName } from '../../budget/index.ts';
import { nanoToUsd } from '../../pricing/index.ts';

/**
 * Returns an amount in the unit of a limit: tokens, calls, or USD. `minutes` has no amount, so USD is used.
 */
export function amountInUnitOf(limit: LimitName, amounts: Amounts): number {
  if (limit === 'tokens') return amounts.tokens;
  return limit === 'calls' ? amounts.calls : nanoToUsd(amounts.costNanoUsd);
}
