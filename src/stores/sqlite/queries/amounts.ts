import type { Amounts } from '../../../budget/index.ts';

/** The largest amount that is read: sums in the file are exact beyond 2^53, those in JavaScript are not. */
export const MAX_INTEGER = Number.MAX_SAFE_INTEGER;

/**
 * Returns amounts as SQLite's integers, so that no sum is calculated in floating point.
 * @throws RangeError if one is not an integer
 */
export function toIntegers({
  costNanoUsd,
  tokens,
  calls,
}: Amounts): [cost: bigint, tokens: bigint, calls: bigint] {
  return [BigInt(costNanoUsd), BigInt(tokens), BigInt(calls)];
}
