import { checkLimits, type Limits } from './limits.ts';

/**
 * How hard a limit is. `observe` counts and refuses nothing; `soft` refuses once a limit is reached, so that
 * calls in flight may pass it; `strict` never passes it: the worst case of a call is reserved before it is sent.
 */
export type Mode = 'observe' | 'soft' | 'strict';

export const MODES = ['observe', 'soft', 'strict'] as const satisfies readonly Mode[];

/** A calendar window: the budget begins anew each hour, day or month of the time zone. */
export interface Window {
  readonly per: 'hour' | 'day' | 'month';
  /** An IANA time zone, such as `Europe/Berlin`. */
  readonly timeZone: string;
}

/** A budget: a name, its limits and how they are held. */
export interface BudgetDefinition {
  readonly name: string;
  readonly limits: Limits;
  readonly mode: Mode;
  /** The share of what is left, above 0 to 1, that one call without an output cap may reserve. */
  readonly maxShare: number;
  /** A call that cannot be given this many output tokens is denied rather than clamped, tokens. */
  readonly minOutputTokens: number;
  /** Absent: the budget never begins anew. */
  readonly window?: Window;
  /** A call is charged on this budget as well, and refused where either refuses it. */
  readonly parent?: BudgetDefinition;
}

export const DEFAULT_MAX_SHARE = 0.5;
export const DEFAULT_MIN_OUTPUT_TOKENS = 16;

/**
 * A definition with the defaults filled in.
 * @throws RangeError where a limit, `maxShare` or `minOutputTokens` is not a number that is taken
 */
export function defineBudget(
  given: Pick<BudgetDefinition, 'name' | 'limits'> & Partial<BudgetDefinition>,
): BudgetDefinition {
  checkLimits(given.limits);
  const { maxShare = DEFAULT_MAX_SHARE, minOutputTokens = DEFAULT_MIN_OUTPUT_TOKENS } = given;
  if (!(maxShare > 0 && maxShare <= 1)) {
    throw new RangeError(`maxShare: given ${maxShare}; taken is a number above 0 and at most 1`);
  }
  if (!Number.isSafeInteger(minOutputTokens) || minOutputTokens < 1) {
    throw new RangeError(`minOutputTokens: given ${minOutputTokens}; taken is a whole number from 1`);
  }
  return {
    name: given.name,
    // A copy: what is made of limits is remembered by them.
    limits: { ...given.limits },
    mode: given.mode ?? 'strict',
    maxShare,
    minOutputTokens,
    ...(given.window === undefined ? {} : { window: given.window }),
    ...(given.parent === undefined ? {} : { parent: given.parent }),
  };
}

/** The most budgets in a chain: job, team, organisation and some to spare. */
export const MAX_CHAIN = 8;

/**
 * The budget and its parents, nearest first.
 * @throws RangeError where a name stands twice in it, or it is longer than {@link MAX_CHAIN}
 */
export function chainOf(budget: BudgetDefinition): readonly BudgetDefinition[] {
  const chain: BudgetDefinition[] = [];
  for (let one: BudgetDefinition | undefined = budget; one !== undefined; one = one.parent) {
    const { name } = one;
    if (chain.some((known) => known.name === name)) {
      throw new RangeError(`the budget "${name}" stands twice in the chain of "${budget.name}"`);
    }
    chain.push(one);
    if (chain.length > MAX_CHAIN) throw new RangeError(`a chain has at most ${MAX_CHAIN} budgets`);
  }
  return chain;
}
