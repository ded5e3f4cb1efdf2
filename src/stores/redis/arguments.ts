import {
  type Amounts,
  type BudgetDefinition,
  type Grant,
  limitAmounts,
  MS_PER_MINUTE,
  type ReserveRequest,
} from '../../budget/index.ts';

/** The highest output price that the server's long division is exact for, pico-USD a token: 900 USD. */
const MAX_OUTPUT_PICO_USD = 9e14;

/** Returns amounts as arguments of a script: nano-USD, tokens, calls. */
export function amountArguments({ costNanoUsd, tokens, calls }: Amounts): string[] {
  return [costNanoUsd, tokens, calls].map(integerArgument);
}

/** Returns a grant as arguments: nano-USD, tokens, calls, milliseconds. */
export function grantArguments(grant: Grant): string[] {
  return [...amountArguments(grant), integerArgument(grant.milliseconds)];
}

/**
 * Returns an integer as an argument. The server calculates in doubles, as JavaScript does.
 * @throws RangeError if it is not an integer
 */
export function integerArgument(value: number): string {
  if (!Number.isInteger(value)) throw new RangeError(`got ${value}, expected an integer`);
  return BigInt(value).toString();
}

/** @throws RangeError if the price is negative or above 900 USD */
function outputPriceArgument(picoUsd: number): string {
  if (!(picoUsd >= 0 && picoUsd <= MAX_OUTPUT_PICO_USD)) {
    throw new RangeError(`got ${picoUsd}, expected the price of an output token in pico-USD, 0 to 9e14`);
  }
  return integerArgument(picoUsd);
}

/** Returns what a reserve asks for as arguments. @param attempt a name that no other attempt has */
export function reserveArguments(request: ReserveRequest, attempt: string): string[] {
  return [
    request.id,
    attempt,
    integerArgument(request.leaseMs),
    ...amountArguments(request.fixed),
    outputPriceArgument(request.outputPicoUsd),
    integerArgument(request.choices),
    integerArgument(request.outputCap),
    request.capped ? '1' : '0',
  ];
}

/** Returns the rules of a budget that decide an admission as arguments. */
export function ruleArguments(budget: BudgetDefinition): string[] {
  return [
    budget.mode,
    ...limitArguments(budget),
    durationArgument(budget),
    String(budget.maxShare),
    String(budget.minOutputTokens),
  ];
}

/**
 * Returns the limits of a budget as arguments: nano-USD, tokens, calls; an empty one if there is no limit.
 */
export function limitArguments({ limits }: BudgetDefinition): string[] {
  const { costNanoUsd, tokens, calls } = limitAmounts(limits);
  return [costNanoUsd, tokens, calls].map((limit) => (limit === Infinity ? '' : String(limit)));
}

/** How long the budget runs, milliseconds; empty if it has no end. */
function durationArgument({ limits: { minutes } }: BudgetDefinition): string {
  return minutes === undefined ? '' : String(minutes * MS_PER_MINUTE);
}
