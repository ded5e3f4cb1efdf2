import type { Amounts } from '../../budget/index.ts';

/**
 * Amounts as SQLite's integers, so that no sum is calculated in floating point.
 * @throws RangeError where one is not an integer
 */
export function integers({
  costNanoUsd,
  tokens,
  calls,
}: Amounts): [cost: bigint, tokens: bigint, calls: bigint] {
  return [BigInt(costNanoUsd), BigInt(tokens), BigInt(calls)];
}
