import type { BudgetDefinition } from './definition.ts';
import { type BudgetEvent, THRESHOLDS } from './events.ts';
import type { Balances } from './ledger.ts';
import { LIMIT_OF, type LimitName, limitAmounts, MS_PER_MINUTE } from './limits.ts';

/** What was told of a budget, to be kept in a checkpoint: so that nothing is told again after it. */
export interface WatchState {
  /** How many thresholds. */
  readonly crossed: number;
  readonly exhausted: boolean;
  /** The beginning of the window that it is of. */
  readonly startedAt?: number | undefined;
}

/** Watches the balances of one budget and says which thresholds were crossed, each once a window, and exhaustion, once. */
export class BudgetWatch {
  readonly #budget: BudgetDefinition;
  #crossed = 0;
  #exhausted = false;
  #startedAt: number | undefined;

  constructor(budget: BudgetDefinition) {
    this.#budget = budget;
  }

  get exhausted(): boolean {
    return this.#exhausted;
  }

  get state(): WatchState {
    const startedAt = this.#startedAt === undefined ? {} : { startedAt: this.#startedAt };
    return { crossed: this.#crossed, exhausted: this.#exhausted, ...startedAt };
  }

  /** Goes on from what was told before. */
  restore({ crossed, exhausted, startedAt }: WatchState): void {
    this.#crossed = Math.min(crossed, THRESHOLDS.length);
    this.#exhausted = exhausted;
    this.#startedAt = startedAt;
  }

  /** The events that the new balances give rise to, in order. */
  update(balances: Balances, now: number): BudgetEvent[] {
    this.#enter(balances.startedAt);
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
    this.#enter(balances.startedAt);
    if (this.#exhausted) return [];
    this.#exhausted = true;
    return [{ type: 'exhausted', ...this.#about(limit, balances) }];
  }

  /** In a new window everything may be told again. */
  #enter(startedAt: number): void {
    if (startedAt === this.#startedAt) return;
    this.#startedAt = startedAt;
    this.#crossed = 0;
    this.#exhausted = false;
  }

  #about(limit: LimitName, balances: Balances) {
    return { budget: this.#budget.name, limit, limitValue: this.#budget.limits[limit] ?? 0, balances };
  }
}

/** The limit of which the largest share is used, and that share (1: all of it). */
export function largestShare(
  budget: BudgetDefinition,
  balances: Balances,
  now: number,
): { limit: LimitName | undefined; share: number } {
  const limits = limitAmounts(budget.limits);
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
  const { minutes } = budget.limits;
  if (minutes !== undefined) consider('minutes', now - balances.startedAt, minutes * MS_PER_MINUTE);
  return { limit, share };
}
