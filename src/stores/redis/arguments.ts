import {
  type Amounts,
  type BudgetDefinition,
  type Grant,
  limitAmounts,
  MS_PER_MINUTE,
} from '../../budget/index.ts';

/** The dearest output that the server's long division is exact for, pico-USD a token: 900 USD. */
const MAX_PICO = 9e14;

export function amountArguments({ costNanoUsd, tokens, calls }: Amounts): string[] {
  return [costNanoUsd, tokens, calls].map(whole);
}

export function grantArguments(grant: Grant): string[] {
  return [...amountArguments(grant), whole(grant.milliseconds)];
}

/** A count or an amount; the server calculates in doubles, as we do. */
export function whole(value: number): string {
  if (!Number.isInteger(value)) throw new RangeError(`amounts are integers; given: ${value}`);
  return BigInt(value).toString();
}

export function picoArgument(pico: number): string {
  if (!(pico >= 0 && pico <= MAX_PICO))
    throw new RangeError(`not a price of an output token: ${pico} pico-USD`);
  return whole(pico);
}

/** The limits of a budget, empty where there is none: nano-USD, tokens, calls. */
export function limitArguments({ limits }: BudgetDefinition): string[] {
  const { costNanoUsd, tokens, calls } = limitAmounts(limits);
  return [costNanoUsd, tokens, calls].map((limit) => (limit === Infinity ? '' : String(limit)));
}

/** How long the budget runs, milliseconds; empty where it has no end. */
export function minutesArgument({ limits: { minutes } }: BudgetDefinition): string {
  return minutes === undefined ? '' : String(minutes * MS_PER_MINUTE);
}
