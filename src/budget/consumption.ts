import { nanoToUsd } from '../pricing/index.ts';
import type { BudgetDefinition } from './definition.ts';
import { type BudgetEvent, THRESHOLDS } from './events.ts';
import {
  type Amounts,
  LIMIT_OF,
  type LimitName,
  limitAmounts,
  limitMilliseconds,
  MS_PER_MINUTE,
  raisedLimits,
} from './limits.ts';
import type { Balances } from './store.ts';

/** What was told of a budget, to be kept in a checkpoint: so that nothing is told again after it. */
export interface ThresholdState {
  /** How many thresholds. */
  readonly crossed: number;
  readonly exhausted: boolean;
  /** The window that it is of, and what was granted on top of the limits; nothing where none was seen. */
  readonly entered: string;
}

/**
 * Watches the balances of one budget and says which thresholds were crossed, each once a window, and exhaustion, once. When
 * the limits were raised, or the budget reset, they are told anew.
 */
export class ThresholdTracker {
  readonly #budget: BudgetDefinition;
  #crossed = 0;
  #exhausted = false;
  #entered = '';

  constructor(budget: BudgetDefinition) {
    this.#budget = budget;
  }

  /** Whether the window that the balances are of was told to be exhausted. */
  isExhausted(balances: Balances): boolean {
    this.#enter(balances);
    return this.#exhausted;
  }

  /** Whether exhaustion was told, as far as balances were seen. */
  get exhausted(): boolean {
    return this.#exhausted;
  }

  get state(): ThresholdState {
    return { crossed: this.#crossed, exhausted: this.#exhausted, entered: this.#entered };
  }

  /** Goes on from what was told before. */
  restore({ crossed, exhausted, entered }: ThresholdState): void {
    this.#crossed = Math.min(crossed, THRESHOLDS.length);
    this.#exhausted = exhausted;
    this.#entered = entered;
  }

  /** The events that the new balances give rise to, in order. */
  update(balances: Balances, now: number): BudgetEvent[] {
    this.#enter(balances);
    const { limit, share } = largestShare(this.#budget, balances, now);
    const events: BudgetEvent[] = [];
    if (limit === undefined) return events;
    while (this.#crossed < THRESHOLDS.length && share >= (THRESHOLDS[this.#crossed] ?? Infinity)) {
      events.push({
        type: 'threshold',
        threshold: THRESHOLDS[this.#crossed] ?? 1,
        ...this.#about(limit, balances),
      });
      this.#crossed += 1;
    }
    if (share >= 1) events.push(...this.exhaust(limit, balances));
    return events;
  }

  /** The budget is exhausted by that limit: the event the first time, none after it. */
  exhaust(limit: LimitName, balances: Balances): BudgetEvent[] {
    this.#enter(balances);
    if (this.#exhausted) return [];
    this.#exhausted = true;
    return [{ type: 'exhausted', ...this.#about(limit, balances) }];
  }

  /** In a new window, or under new limits, everything may be told again. */
  #enter({ startedAt, granted }: Balances): void {
    const entered = granted === undefined ? `${startedAt}` : `${startedAt} ${Object.values(granted)}`;
    if (entered === this.#entered) return;
    this.#entered = entered;
    this.#crossed = 0;
    this.#exhausted = false;
  }

  #about(limit: LimitName, balances: Balances) {
    const limitValue = raisedLimits(this.#budget.limits, balances.granted)[limit] ?? 0;
    return { budget: this.#budget.name, limit, limitValue, balances };
  }
}

/** The limit of which the largest share is used, and that share (1: all of it). */
export function largestShare(
  budget: BudgetDefinition,
  balances: Balances,
  now: number,
): { limit: LimitName | undefined; share: number } {
  const limits = limitAmounts(budget.limits, balances.granted);
  let limit: LimitName | undefined;
  let share = -1;
  const consider = (name: LimitName, used: number, of: number): void => {
    if (of === Infinity) return;
    const part = of === 0 ? 1 : used / of;
    if (part > share) {
      share = part;
      limit = name;
    }
  };
  for (const [amount, name] of LIMIT_OF) consider(name, balances.settled[amount], limits[amount]);
  consider('minutes', now - balances.startedAt, limitMilliseconds(budget.limits, balances.granted));
  return { limit, share };
}

/** What is left of a budget; a limit that is not set is absent. */
export interface RemainingAmounts {
  readonly costUsd?: number;
  readonly tokens?: number;
  readonly calls?: number;
  readonly minutes?: number;
}

/** Limits less what is settled and reserved, and less the time that has passed. */
export function remainingOf(budget: BudgetDefinition, balances: Balances, now: number): RemainingAmounts {
  const limits = limitAmounts(budget.limits, balances.granted);
  const left = (amount: keyof Amounts): number =>
    Math.max(0, limits[amount] - balances.settled[amount] - balances.reserved[amount]);
  const has = (name: LimitName): boolean => budget.limits[name] !== undefined;
  const minutes =
    (limitMilliseconds(budget.limits, balances.granted) - (now - balances.startedAt)) / MS_PER_MINUTE;
  return {
    ...(has('costUsd') ? { costUsd: nanoToUsd(left('costNanoUsd')) } : {}),
    ...(has('tokens') ? { tokens: left('tokens') } : {}),
    ...(has('calls') ? { calls: left('calls') } : {}),
    ...(has('minutes') ? { minutes: Math.max(0, minutes) } : {}),
  };
}
