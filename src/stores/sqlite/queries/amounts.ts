import type { Amounts } from '../../../budget/index.ts';

/** Sums are exact beyond 2^53 in the file; what is read is held to what a number can tell exactly. */
export const MOST = Number.MAX_SAFE_INTEGER;

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
