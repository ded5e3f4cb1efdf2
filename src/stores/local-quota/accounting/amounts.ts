import type { Amounts } from '../../../budget/index.ts';

/** An amount made of each part of others. */
export function eachAmount(make: (name: keyof Amounts) => number): Amounts {
  return { costNanoUsd: make('costNanoUsd'), tokens: make('tokens'), calls: make('calls') };
}

/** Whether all of it is there. */
export function fits(within: Amounts, amounts: Amounts): boolean {
  return (
    amounts.costNanoUsd <= within.costNanoUsd &&
    amounts.tokens <= within.tokens &&
    amounts.calls <= within.calls
  );
}

/** What it has above another amount, part by part; zero where it has less. */
export function excess(amounts: Amounts, over: Amounts): Amounts {
  return eachAmount((name) => Math.max(0, amounts[name] - over[name]));
}

export function isNothing(amounts: Amounts): boolean {
  return amounts.costNanoUsd === 0 && amounts.tokens === 0 && amounts.calls === 0;
}
