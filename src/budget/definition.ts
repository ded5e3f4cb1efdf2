import type { Limits } from './limits.ts';

/**
 * How hard a limit is. `observe` counts and refuses nothing; `soft` refuses once a limit is reached, so that
 * calls in flight may pass it; `strict` never passes it: the worst case of a call is reserved before it is sent.
 */
export type Mode = 'observe' | 'soft' | 'strict';

export const MODES = ['observe', 'soft', 'strict'] as const satisfies readonly Mode[];

/** A budget: a name, its limits and how they are held. */
export interface BudgetDefinition {
  readonly name: string;
  readonly limits: Limits;
  readonly mode: Mode;
  /** The share of what is left, above 0 to 1, that one call without an output cap may reserve. */
  readonly maxShare: number;
  /** A call that cannot be given this many output tokens is denied rather than clamped, tokens. */
  readonly minOutputTokens: number;
}

export const DEFAULT_MAX_SHARE = 0.5;
export const DEFAULT_MIN_OUTPUT_TOKENS = 16;

/** A definition with the defaults filled in. */
export function defineBudget(
  given: Pick<BudgetDefinition, 'name' | 'limits'> & Partial<BudgetDefinition>,
): BudgetDefinition {
  return {
    name: given.name,
    limits: given.limits,
    mode: given.mode ?? 'strict',
    maxShare: given.maxShare ?? DEFAULT_MAX_SHARE,
    minOutputTokens: given.minOutputTokens ?? DEFAULT_MIN_OUTPUT_TOKENS,
  };
}
