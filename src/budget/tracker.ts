import { nanoToUsd } from '../pricing/index.ts';
import type { BudgetDefinition } from './definition.ts';
import type { BudgetEvent, BudgetListener } from './events.ts';
import type { Admission, Balances, MaybePromise, ReserveRequest, Store } from './ledger.ts';
import { type Amounts, type LimitName, limitAmounts, MS_PER_MINUTE } from './limits.ts';
import { afterwards } from './maybe-promise.ts';
import { BudgetWatch, largestShare } from './watch.ts';

/** What is left of a budget; a limit that is not set is absent. */
export interface Left {
  readonly costUsd?: number;
  readonly tokens?: number;
  readonly calls?: number;
  readonly minutes?: number;
}

/** A reserve; the mode is the budget's. */
export type Reserve = Omit<ReserveRequest, 'mode'>;

/** A budget as it stands. Amounts of money are USD, for people; `balances` has the exact integers. */
export interface BudgetStatus {
  readonly budget: string;
  readonly mode: BudgetDefinition['mode'];
  readonly limits: BudgetDefinition['limits'];
  /** Limits less what is settled and reserved, never below zero. */
  readonly left: Left;
  /** The largest share of a limit that is settled: 1 is all of it; 0 without limits. */
  readonly usedShare: number;
  readonly exhausted: boolean;
  readonly balances: Balances;
}

/**
 * What the host's code holds: one budget, its status and its events. Reserves before a call, settles after it.
 * With the memory store every answer is at hand at once; with a shared store it is a promise.
 */
export class TokenBudgetTracker {
  readonly budget: BudgetDefinition;
  readonly #store: Store;
  readonly #now: () => number;
  readonly #watch: BudgetWatch;
  readonly #chain: readonly BudgetDefinition[];
  readonly #listeners = new Set<BudgetListener>();

  /** @param options.now the clock, milliseconds since the epoch */
  constructor(budget: BudgetDefinition, options: { store: Store; now?: () => number }) {
    this.budget = budget;
    this.#store = options.store;
    this.#now = options.now ?? Date.now;
    this.#watch = new BudgetWatch(budget);
    this.#chain = [budget];
    // Time runs from here, not from the first call.
    void this.#store.balances(budget);
  }

  /** Calls `listener` on every event until the function returned is called. What it throws is ignored. */
  on(listener: BudgetListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Reserves the worst case of a call, or says why not.
   * @param closer a request with a closer count, asked for only where the first would be denied or clamped
   */
  reserve(request: Reserve, closer?: () => Reserve): MaybePromise<Admission> {
    const answer = this.#store.reserve(this.#chain, { ...request, mode: this.budget.mode });
    return afterwards(answer, (admission) => {
      const asAsked = admission.admitted && admission.outputCap >= request.outputCap;
      if (closer !== undefined && !asAsked) {
        const freed = admission.admitted ? this.#store.release(request.id) : false;
        return afterwards(freed, () => this.reserve(closer()));
      }
      if (!admission.admitted) this.#refused(admission);
      return admission;
    });
  }

  /** Charges what a reserved call used. False where the reservation was settled or released before. */
  settle(id: string, used: Amounts): MaybePromise<boolean> {
    return afterwards(this.#store.settle(id, used), (settled) => afterwards(this.#update(), () => settled));
  }

  /** Frees the reservation of a call that spent nothing. */
  release(id: string): MaybePromise<boolean> {
    return this.#store.release(id);
  }

  /** Charges usage that no reservation was made for: another instrumentation's, or the host's own. */
  charge(used: Amounts): MaybePromise<void> {
    return afterwards(this.#store.charge(this.#chain, used), () => this.#update());
  }

  /** The budget as it stands. */
  status(): MaybePromise<BudgetStatus> {
    return afterwards(this.#store.balances(this.budget), (balances) => this.#statusOf(balances));
  }

  /** Tells the listeners of something that happened to a call of this budget. */
  emit(event: BudgetEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch {
        // A listener's fault is not the call's.
      }
    }
  }

  #refused(denied: Extract<Admission, { admitted: false }>): void {
    this.emit({ type: 'denied', budget: denied.budget.name, denied });
    // With nothing in flight that could free some, what is left no longer pays for the calls that are made.
    if (denied.balances.open > 0) return;
    for (const event of this.#watch.exhaust(denied.limit, denied.balances)) this.emit(event);
  }

  #update(): MaybePromise<void> {
    return afterwards(this.#store.balances(this.budget), (balances) => {
      for (const event of this.#watch.update(balances, this.#now())) this.emit(event);
    });
  }

  #statusOf(balances: Balances): BudgetStatus {
    const now = this.#now();
    const { share } = largestShare(this.budget, balances, now);
    return {
      budget: this.budget.name,
      mode: this.budget.mode,
      limits: this.budget.limits,
      left: leftOf(this.budget, balances, now),
      usedShare: Math.max(0, share),
      exhausted: this.#watch.exhausted || share >= 1,
      balances,
    };
  }
}

function leftOf(budget: BudgetDefinition, balances: Balances, now: number): Left {
  const limits = limitAmounts(budget.limits);
  const left = (amount: keyof Amounts): number =>
    Math.max(0, limits[amount] - balances.settled[amount] - balances.reserved[amount]);
  const has = (name: LimitName): boolean => budget.limits[name] !== undefined;
  const minutes = (budget.limits.minutes ?? 0) - (now - balances.startedAt) / MS_PER_MINUTE;
  return {
    ...(has('costUsd') ? { costUsd: nanoToUsd(left('costNanoUsd')) } : {}),
    ...(has('tokens') ? { tokens: left('tokens') } : {}),
    ...(has('calls') ? { calls: left('calls') } : {}),
    ...(has('minutes') ? { minutes: Math.max(0, minutes) } : {}),
  };
}
