import type { Amounts } from '../../../budget/index.ts';

/** Returns the amounts whose every part is made by `make`. */
export function mapAmounts(make: (name: keyof Amounts) => number): Amounts {
  return { costNanoUsd: make('costNanoUsd'), tokens: make('tokens'), calls: make('calls') };
}

/** Whether every part of the amounts is at most that of `within`. */
export function fitsWithin(within: Amounts, amounts: Amounts): boolean {
  return (
    amounts.costNanoUsd <= within.costNanoUsd &&
    amounts.tokens <= within.tokens &&
    amounts.calls <= within.calls
  );
}

/** Returns by how much each part exceeds that of `over`; zero if it does not. */
export function excessOver(amounts: Amounts, over: Amounts): Amounts {
  return mapAmounts((name) => Math.max(0, amounts[name] - over[name]));
}

/** Whether every part is zero. */
export function isNothing(amounts: Amounts): boolean {
  return amounts.costNanoUsd === 0 && amounts.tokens === 0 && amounts.calls === 0;
}
