import { nanoToUsd } from '../pricing/index.ts';
import { andThen, CoalescedRefresh, ignoreRejection, isPromise, type MaybePromise } from '../util/index.ts';
import type { BudgetDefinition } from './definition.ts';
import { type BudgetEvent, THRESHOLDS } from './events.ts';
import {
  type Amounts,
  LIMIT_OF,
  type LimitName,
  limitAmounts,
  limitMilliseconds,
  MS_PER_MINUTE,
  NOTHING,
  raisedLimits,
} from './limits.ts';
import type { Balances, Denied, SettledBalances, Store } from './store.ts';

/** The events reported for a budget: kept in a checkpoint, so that nothing is reported twice. */
export interface ThresholdState {
  /** How many thresholds were crossed. */
  readonly crossed: number;
  readonly exhausted: boolean;
  /** The window that this is about, and the grant on top of the limits; empty if no balances were seen. */
  readonly period: string;
}

/**
 * Finds the thresholds that the balances of one budget cross, each once a window, and its exhaustion, once.
 * After its limits were raised, or it was reset, they can be crossed again.
 */
export class ThresholdTracker {
  readonly #budget: BudgetDefinition;
  #crossed = 0;
  #exhausted = false;
  #period = '';

  constructor(budget: BudgetDefinition) {
    this.#budget = budget;
  }

  /** Whether the budget was reported as exhausted in the window of these balances. */
  isExhausted(balances: Balances): boolean {
    this.#enter(balances);
    return this.#exhausted;
  }

  /** Whether the budget was reported as exhausted, in the window seen last. */
  get exhausted(): boolean {
    return this.#exhausted;
  }

  get state(): ThresholdState {
    return { crossed: this.#crossed, exhausted: this.#exhausted, period: this.#period };
  }

  /** Continues from the state of a checkpoint. */
  restore({ crossed, exhausted, period }: ThresholdState): void {
    this.#crossed = Math.min(crossed, THRESHOLDS.length);
    this.#exhausted = exhausted;
    this.#period = period;
  }

  /** Returns the events that new balances give rise to, in order. */
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

  /** Marks the budget as exhausted by a limit; returns the event the first time, none after that. */
  exhaust(limit: LimitName, balances: Balances): BudgetEvent[] {
    this.#enter(balances);
    if (this.#exhausted) return [];
    this.#exhausted = true;
    return [{ type: 'exhausted', ...this.#about(limit, balances) }];
  }

  /** In a new window, or under new limits, everything may be reported again. */
  #enter({ startedAt, granted }: Balances): void {
    const period = granted === undefined ? `${startedAt}` : `${startedAt} ${Object.values(granted)}`;
    if (period === this.#period) return;
    this.#period = period;
    this.#crossed = 0;
    this.#exhausted = false;
  }

  #about(limit: LimitName, balances: Balances) {
    const limitValue = raisedLimits(this.#budget.limits, balances.granted)[limit] ?? 0;
    return { budget: this.#budget.name, limit, limitValue, balances };
  }
}

/** Options of {@link ChainMonitor}. */
export interface ChainMonitorOptions {
  readonly store: Store;
  readonly now: () => number;
  readonly emit: (event: BudgetEvent) => void;
}

/** Keeps the balances of a chain of budgets, nearest first, as last seen, and reports crossed thresholds. */
export class ChainMonitor {
  readonly #chain: readonly BudgetDefinition[];
  readonly #budget: BudgetDefinition;
  readonly #options: ChainMonitorOptions;
  readonly #trackers: readonly ThresholdTracker[];
  readonly #coalesced = new CoalescedRefresh(() => this.#check());
  /** Whether the store returns balances at once. */
  readonly #isSynchronous: boolean;
  #seen: Balances;

  /** @param upper the monitor of the chain's upper end, if it has one: they report thresholds once */
  constructor(chain: readonly BudgetDefinition[], options: ChainMonitorOptions, upper?: ChainMonitor) {
    const [budget] = chain;
    if (budget === undefined) throw new RangeError('a chain has at least one budget');
    const shared = upper === undefined ? [] : upper.#trackers;
    const own = chain.slice(0, chain.length - shared.length);
    this.#chain = chain;
    this.#budget = budget;
    this.#options = options;
    this.#trackers = [...own.map((one) => new ThresholdTracker(one)), ...shared];
    this.#seen = { settled: NOTHING, reserved: NOTHING, open: 0, startedAt: options.now() };
    // Time runs from here, not from the first call. The first call reports a store that is unavailable.
    const first = this.read();
    this.#isSynchronous = !isPromise(first);
    void ignoreRejection(first);
  }

  /** The balances of the nearest budget as they were last seen. */
  get lastSeen(): Balances {
    return this.#seen;
  }

  /** The balances of the nearest budget: in memory as of now, in a shared store as they were last seen. */
  get latest(): Balances {
    if (this.#isSynchronous) void ignoreRejection(this.read());
    return this.#seen;
  }

  /** Whether a budget of the chain is exhausted, as far as balances were seen. */
  get isExhausted(): boolean {
    if (this.#trackers.some(({ exhausted }) => exhausted)) return true;
    return largestShare(this.#budget, this.latest, this.#options.now()).share >= 1;
  }

  /** The thresholds that were reported, for a checkpoint. */
  get states(): ThresholdState[] {
    return this.#trackers.map(({ state }) => state);
  }

  /** Continues from the states of a checkpoint. */
  restore(states: readonly ThresholdState[]): void {
    for (const [index, state] of states.entries()) this.#trackers[index]?.restore(state);
  }

  /** Reads the balances of the nearest budget. */
  read(): MaybePromise<Balances> {
    return andThen(this.#options.store.balances(this.#budget), (balances) => {
      this.#seen = balances;
      return balances;
    });
  }

  /** Whether the budget at a place of the chain was reported as exhausted in the window of these balances. */
  wasExhausted(index: number, balances: Balances): boolean {
    return this.#trackers[index]?.isExhausted(balances) === true;
  }

  /** Reports the thresholds that the chain has crossed; reads the balances unless `seen` has all of them. */
  check(seen?: SettledBalances): MaybePromise<void> {
    return seen === undefined || seen.size < this.#chain.length ? this.#coalesced.run() : this.#check(seen);
  }

  /** Reports the budget that denied a call as exhausted, unless it was reported before. */
  reportExhausted({ budget, limit, balances }: Denied): void {
    const tracker = this.#trackers[this.#chain.indexOf(budget)];
    for (const event of tracker?.exhaust(limit, balances) ?? []) this.#options.emit(event);
  }

  #check(seen?: SettledBalances): MaybePromise<void> {
    const { store } = this.#options;
    const balances = this.#chain.map((budget) => seen?.get(budget.name) ?? store.balances(budget));
    if (balances.some(isPromise)) return Promise.all(balances).then((all) => this.#report(all));
    this.#report(balances as Balances[]);
  }

  #report(balances: readonly Balances[]): void {
    const { now, emit } = this.#options;
    this.#seen = balances[0] ?? this.#seen;
    for (const [index, one] of balances.entries()) {
      for (const event of this.#trackers[index]?.update(one, now()) ?? []) emit(event);
    }
  }
}

/** Returns the limit of which the largest share is settled, and that share (1: all of it). */
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
    const usedShare = of === 0 ? 1 : used / of;
    if (usedShare > share) {
      share = usedShare;
      limit = name;
    }
  };
  for (const [amount, name] of LIMIT_OF) consider(name, balances.settled[amount], limits[amount]);
  consider('minutes', now - balances.startedAt, limitMilliseconds(budget.limits, balances.granted));
  return { limit, share };
}

/** The amounts left of a budget, in the units of its limits; a limit that is not set is absent. */
export interface RemainingAmounts {
  readonly costUsd?: number;
  readonly tokens?: number;
  readonly calls?: number;
  readonly minutes?: number;
}

/** Returns the limits minus what is settled and reserved, and minus the time that has passed. */
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
