import { nanoCost } from '../pricing/index.ts';
import type { BudgetDefinition } from './definition.ts';
import {
  type Amounts,
  addAmounts,
  LIMIT_OF,
  type LimitName,
  limitAmounts,
  limitMilliseconds,
} from './limits.ts';
import type { Admission, Balances, ReserveRequest, WorstCase } from './store.ts';

/** A budget of the chain with its current balances. */
export interface Account {
  readonly budget: BudgetDefinition;
  readonly balances: Balances;
}

/**
 * Decides a reserve: admitted with the requested cap, admitted with a lower one, or denied. Pure: the caller
 * keeps the balances from changing and books the result.
 *
 * In `strict` the worst case has to fit into what every budget of the chain has left, after settled and
 * reserved amounts. A call without a cap of its own gets at most `maxShare` of what is left, so that parallel
 * calls share it; a caller's own cap is lowered only if it does not fit.
 */
export function decideAdmission(
  accounts: readonly Account[],
  request: ReserveRequest,
  now: number,
): Admission {
  let outputCap = request.outputCap;
  for (const account of accounts) {
    const { budget, balances } = account;
    if (budget.mode === 'observe') continue;
    const reached = reachedLimit(budget, balances, now);
    if (reached !== undefined) return denied(account, reached, leastOf(budget, request));
    if (budget.mode === 'soft') continue;
    const least = Math.min(request.outputCap, budget.minOutputTokens);
    const affordable = affordableOutput(budget, balances, request);
    if (affordable.tokens < least) return denied(account, affordable.limit, leastOf(budget, request));
    const share = request.capped ? affordable.tokens : Math.max(least, affordable.sharedTokens);
    outputCap = Math.min(outputCap, share);
  }
  return { admitted: true, outputCap, reserved: worstCaseAmounts(request, outputCap) };
}

/** Returns the most that a call costs with an output cap. */
export function worstCaseAmounts(request: ReserveRequest, outputCap: number): Amounts {
  return addAmounts(request.fixed, {
    costNanoUsd: nanoCost([[outputCap, request.outputPicoUsd]]),
    tokens: outputCap * request.choices,
    calls: 0,
  });
}

/** Whether every strict budget can reserve that much more. */
export function canAfford(accounts: readonly Account[], more: Amounts): boolean {
  return accounts.every(({ budget, balances }) => {
    if (budget.mode !== 'strict') return true;
    const limits = limitAmounts(budget.limits, balances.granted);
    return LIMIT_OF.every(
      ([amount]) => balances.settled[amount] + balances.reserved[amount] + more[amount] <= limits[amount],
    );
  });
}

/** Returns a worst case that no output cap can lower: it is reserved in full or not at all. */
export function fixedWorstCase(fixed: Amounts): WorstCase {
  return { fixed, outputPicoUsd: 0, choices: 1, outputCap: 0, capped: true };
}

/** Returns the first limit that the settled amounts or the elapsed time have reached. */
export function reachedLimit(
  budget: BudgetDefinition,
  balances: Balances,
  now: number,
): LimitName | undefined {
  const { limits: given } = budget;
  if (now - balances.startedAt >= limitMilliseconds(given, balances.granted)) return 'minutes';
  const limits = limitAmounts(given, balances.granted);
  for (const [amount, limit] of LIMIT_OF) {
    if (balances.settled[amount] >= limits[amount]) return limit;
  }
  return undefined;
}

interface AffordableOutput {
  /** The most output tokens of one choice that the rest pays for; -1 if it cannot pay for the fixed part. */
  readonly tokens: number;
  /** The most output tokens of one choice that `maxShare` of the rest after the fixed part pays for. */
  readonly sharedTokens: number;
  /** The limit that leaves the fewest; the first of several. */
  readonly limit: LimitName;
}

function affordableOutput(
  budget: BudgetDefinition,
  balances: Balances,
  request: ReserveRequest,
): AffordableOutput {
  const limits = limitAmounts(budget.limits, balances.granted);
  let tokens = Infinity;
  let sharedTokens = Infinity;
  // Read only once a limit leaves less than `Infinity`.
  let narrowest: LimitName = 'costUsd';
  for (const [amount, limit] of LIMIT_OF) {
    if (limits[amount] === Infinity) continue;
    const left = limits[amount] - balances.settled[amount] - balances.reserved[amount];
    // The input has to be paid in full; the share is of what is left after it.
    const rest = left - request.fixed[amount];
    const fits = outputWithin(amount, rest, request);
    if (fits < tokens) {
      tokens = fits;
      narrowest = limit;
    }
    sharedTokens = Math.min(sharedTokens, outputWithin(amount, Math.floor(rest * budget.maxShare), request));
  }
  return { tokens, sharedTokens, limit: narrowest };
}

/** Returns how many output tokens of one choice the rest of an amount pays for; -1 if it is below zero. */
function outputWithin(amount: keyof Amounts, rest: number, request: ReserveRequest): number {
  if (rest < 0) return -1;
  if (amount === 'tokens') return Math.floor(rest / request.choices);
  if (amount === 'calls' || request.outputPicoUsd === 0) return Infinity;
  // Exact: the quotient of integers that a double holds is not rounded up to the next one.
  if (rest * 1_000 <= Number.MAX_SAFE_INTEGER) return Math.floor((rest * 1_000) / request.outputPicoUsd);
  return Number((BigInt(rest) * 1000n) / BigInt(request.outputPicoUsd));
}

function leastOf(budget: BudgetDefinition, request: ReserveRequest): Amounts {
  return worstCaseAmounts(request, Math.min(request.outputCap, budget.minOutputTokens));
}

function denied({ budget, balances }: Account, limit: LimitName, requested: Amounts): Admission {
  return { admitted: false, budget, limit, balances, requested };
}
