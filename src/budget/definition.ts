import { checkLimits, type Limits } from './limits.ts';

/**
 * How limits are enforced. `observe` counts and denies nothing; `soft` denies once a limit is reached, so
 * that calls in flight may exceed it; `strict` never exceeds it: the worst case of a call is reserved before
 * it is sent.
 */
export type Mode = 'observe' | 'soft' | 'strict';

/** The modes, from the loosest to the strictest. */
export const MODES = ['observe', 'soft', 'strict'] as const satisfies readonly Mode[];

/** The units of a calendar window. */
export const WINDOW_UNITS = ['hour', 'day', 'month'] as const;

/** A calendar window: the budget is renewed every hour, day or month of the time zone. */
export interface Window {
  readonly per: (typeof WINDOW_UNITS)[number];
  /** An IANA time zone, such as `Europe/Berlin`. */
  readonly timeZone: string;
}

/** A budget: a name, its limits and how they are enforced. */
export interface BudgetDefinition {
  readonly name: string;
  readonly limits: Limits;
  readonly mode: Mode;
  /** The share of what is left, above 0 and at most 1, that one call without an output cap may reserve. */
  readonly maxShare: number;
  /** A call that cannot get this many output tokens is denied rather than clamped. */
  readonly minOutputTokens: number;
  /** Absent if the budget is never renewed. */
  readonly window?: Window;
  /** The budget that calls are charged to as well, and that may deny them too. */
  readonly parent?: BudgetDefinition;
}

/** The default of {@link BudgetDefinition.maxShare}. */
export const DEFAULT_MAX_SHARE = 0.5;

/** The default of {@link BudgetDefinition.minOutputTokens}. */
export const DEFAULT_MIN_OUTPUT_TOKENS = 16;

/**
 * Defines a budget, with defaults for what is not given (mode: `strict`).
 * @throws RangeError if a limit, `maxShare` or `minOutputTokens` is out of range
 * @example
 * const budget = defineBudget({ name: 'nightly-report', limits: { costUsd: 5, calls: 200 } });
 */
export function defineBudget(
  given: Pick<BudgetDefinition, 'name' | 'limits'> & Partial<BudgetDefinition>,
): BudgetDefinition {
  checkLimits(given.limits);
  const { maxShare = DEFAULT_MAX_SHARE, minOutputTokens = DEFAULT_MIN_OUTPUT_TOKENS } = given;
  if (!(maxShare > 0 && maxShare <= 1)) {
    throw new RangeError(`maxShare: got ${maxShare}, expected a number above 0 and at most 1`);
  }
  if (!Number.isSafeInteger(minOutputTokens) || minOutputTokens < 1) {
    throw new RangeError(`minOutputTokens: got ${minOutputTokens}, expected a whole number from 1`);
  }
  return {
    name: given.name,
    // A copy: the amounts of limits are remembered by the object.
    limits: { ...given.limits },
    mode: given.mode ?? 'strict',
    maxShare,
    minOutputTokens,
    ...(given.window === undefined ? {} : { window: given.window }),
    ...(given.parent === undefined ? {} : { parent: given.parent }),
  };
}

/** Whether one of the budgets of a chain is strict. */
export function isStrict(chain: readonly BudgetDefinition[]): boolean {
  return chain.some(({ mode }) => mode === 'strict');
}

/** The most budgets in a chain: job, team, organisation and some to spare. */
export const MAX_CHAIN = 8;

/**
 * Returns the budget and its parents, nearest first.
 * @throws RangeError if a name occurs twice, or the chain is longer than {@link MAX_CHAIN}
 */
export function chainOf(budget: BudgetDefinition): readonly BudgetDefinition[] {
  const chain: BudgetDefinition[] = [];
  for (let next: BudgetDefinition | undefined = budget; next !== undefined; next = next.parent) {
    const { name } = next;
    if (chain.some((known) => known.name === name)) {
      throw new RangeError(`the budget "${name}" occurs twice in the chain of "${budget.name}"`);
    }
    chain.push(next);
    if (chain.length > MAX_CHAIN) throw new RangeError(`a chain has at most ${MAX_CHAIN} budgets`);
  }
  return chain;
}
