import { PriceBook } from '../../pricing/index.ts';
import {
  afterwards,
  CoalescedRefresh,
  ignoreRejection,
  isPromise,
  Listeners,
  type MaybePromise,
} from '../../util/index.ts';
import {
  CheckpointError,
  missingFrom,
  readSnapshot,
  sameLimits,
  type TrackerJson,
  wrapSnapshot,
} from '../checkpoint/index.ts';
import { largestShare, type RemainingAmounts, remainingOf, ThresholdTracker } from '../consumption.ts';
import { type BudgetDefinition, chainOf, defineBudget } from '../definition.ts';
import type { BudgetEvent, BudgetListener } from '../events.ts';
import { type Amounts, checkAmounts, LIMIT_OF, type Limits, NOTHING } from '../limits.ts';
import { type BudgetStatus, statusOf } from '../status/index.ts';
import type { Abandoned, Balances, Denied, SeenBalances, Store } from '../store.ts';
import { ExhaustionSignal } from './exhaustion-signal.ts';
import { anyBudgetListeners } from './listeners.ts';
import { type RecordedUsage, recordedCall } from './recorded-usage.ts';
import { Reservations, type Reserve, type ReserveResult } from './reservations.ts';
import { isTypicalCallSize } from './typical-size.ts';

/** How long a reservation outlives its process, milliseconds. A living one is renewed three times in it. */
export const LEASE_MS = 60_000;

/** Where a tracker's ledger is, and how long its calls wait and its reservations last. */
export interface TrackerOptions {
  readonly store: Store;
  /** The clock, milliseconds since the epoch. */
  readonly now?: () => number;
  /** How long a call may wait for open reservations to settle before it is denied, milliseconds; the default is 0. */
  readonly waitMs?: number;
  /** How long a reservation outlives its process, milliseconds. */
  readonly leaseMs?: number;
  /** What the ids of reservations begin with in the store, so that those of a dead process can be told. */
  readonly owner?: string;
  /** Prices of {@link TokenBudgetTracker.recordUsage}; list prices where absent. */
  readonly prices?: PriceBook;
}

/** A part of the work of another tracker. */
export interface PartOf {
  readonly tracker: TokenBudgetTracker;
  readonly scope: string | undefined;
}

/**
 * What the host's code holds: one budget, its status and its events. Reserves before a call, settles after it.
 * With the memory store every answer is at hand at once; with a shared store it is a promise.
 */
export class TokenBudgetTracker {
  readonly budget: BudgetDefinition;
  /** Whether any budget of the chain is `strict`, so that the worst case of a call has to be known. */
  readonly strict: boolean;
  readonly #options: TrackerOptions;
  readonly #store: Store;
  readonly #now: () => number;
  readonly #chain: readonly BudgetDefinition[];
  readonly #watches: readonly ThresholdTracker[];
  readonly #reservations: Reservations;
  readonly #listeners = new Listeners<BudgetEvent>();
  readonly #exhaustion: ExhaustionSignal;
  readonly #partOf: PartOf | undefined;
  /** Looks for thresholds that were crossed. */
  readonly #crossed = new CoalescedRefresh(() => this.#update());
  /** Whether the store answers at once. */
  readonly #atOnce: boolean;
  #prices: PriceBook | undefined;
  #seen: Balances;

  /**
   * @param partOf for {@link within} alone
   * @throws RangeError where the chain of parents is too long or has a name twice
   */
  constructor(budget: BudgetDefinition, options: TrackerOptions, partOf?: PartOf) {
    const { store, now = Date.now, waitMs = 0, leaseMs = LEASE_MS, owner = '', prices } = options;
    const root = partOf?.tracker;
    this.budget = budget;
    this.#options = options;
    this.#store = store;
    this.#now = now;
    this.#prices = prices;
    this.#partOf = partOf;
    this.#chain = chainOf(budget);
    this.strict = this.#chain.some(({ mode }) => mode === 'strict');
    const above = root === undefined ? [] : root.#watches;
    const own = this.#chain.slice(0, this.#chain.length - above.length);
    this.#watches = [...own.map((one) => new ThresholdTracker(one)), ...above];
    this.#exhaustion = new ExhaustionSignal(budget.name);
    const onDenied = (denied: Denied) => this.#refused(denied);
    const terms = { store, now, waitMs, leaseMs, owner, onDenied };
    this.#reservations = new Reservations(
      this.#chain,
      terms,
      root === undefined ? undefined : root.#reservations,
    );
    // Time runs from here, not from the first call. A store that is away is told of by the first call.
    this.#seen = { settled: NOTHING, reserved: NOTHING, open: 0, startedAt: this.#now() };
    const first = this.#look();
    this.#atOnce = !isPromise(first);
    void ignoreRejection(first);
  }

  /**
   * A tracker from what {@link toJSON} gave. Where the ledger outlives its processes it is the truth, and has what was spent after
   * the checkpoint; where it forgets, or was lost, it is charged with what the checkpoint knows.
   * @param given the object, or its text
   * @param options as of a new tracker; with `budget`, limits that hold from now on instead of those of the checkpoint
   * @throws CheckpointError where it is damaged, foreign, of a later version, or of another budget
   */
  static fromJSON(
    given: unknown,
    options: TrackerOptions & { readonly budget?: BudgetDefinition },
  ): MaybePromise<TokenBudgetTracker> {
    const { budget: known, balances, watches } = readSnapshot(given);
    const { budget = known } = options;
    if (budget.name !== known.name) {
      throw new CheckpointError('another', `it is of the budget "${known.name}", not of "${budget.name}"`);
    }
    const tracker = new TokenBudgetTracker(budget, options);
    // With other limits, other shares are crossed.
    if (sameLimits(budget, known))
      for (const [at, state] of watches.entries()) tracker.#watches[at]?.restore(state);
    return afterwards(tracker.#restore(balances), () => tracker);
  }

  /** The names of the chain, nearest first. */
  get names(): readonly string[] {
    return this.#chain.map(({ name }) => name);
  }

  /** Calls `listener` on every event until the function returned is called. What it throws is ignored. */
  on(listener: BudgetListener): () => void {
    return this.#listeners.add(listener);
  }

  /**
   * A tracker of a part of the work: the same budget, whose events carry the name of the part and are told to the listeners of both.
   * @param limits the part has a budget of its own with these limits, below this one and named `budget/scope`
   */
  within(scope?: string, limits?: Limits): TokenBudgetTracker {
    const { name, mode, minOutputTokens } = this.budget;
    const budget =
      limits === undefined
        ? this.budget
        : defineBudget({ name: `${name}/${scope}`, limits, mode, minOutputTokens, parent: this.budget });
    return new TokenBudgetTracker(budget, this.#options, { tracker: this, scope });
  }

  /** What is left, as it was last seen: in memory that is now, in a shared store at the last charge or `status()`. */
  get remaining(): RemainingAmounts {
    return remainingOf(this.budget, this.#lastSeen(), this.#now());
  }

  /** What was left when the balances were last seen; unlike {@link remaining}, never asks the store. */
  get lastRemaining(): RemainingAmounts {
    return remainingOf(this.budget, this.#seen, this.#now());
  }

  /** Whether the next call will be denied, by this budget or one above it, as far as it was seen. */
  get isExhausted(): boolean {
    if (this.#watches.some(({ exhausted }) => exhausted)) return true;
    return largestShare(this.budget, this.#lastSeen(), this.#now()).share >= 1;
  }

  /** Aborted with a `BudgetExhaustedError` once the budget, or one above it, is exhausted. */
  get signal(): AbortSignal {
    const own = this.#exhaustion.get(this.isExhausted);
    return this.#partOf === undefined ? own : AbortSignal.any([own, this.#partOf.tracker.signal]);
  }

  /**
   * Reserves the worst case of a call, after waiting if `waitMs` is set.
   * @param refine computes a tighter worst case; called only if the first would be denied or clamped
   * @param signal ends the wait; its reason is thrown
   */
  reserve(request: Reserve, refine?: () => Reserve, signal?: AbortSignal): MaybePromise<ReserveResult> {
    return this.#reservations.reserve(request, refine, signal);
  }

  /** Reserves more for an open reservation; false where the budget cannot pay for that. */
  grow(id: string, more: Amounts): MaybePromise<boolean> {
    return this.#reservations.grow(id, more);
  }

  /** Why the budget cannot pay for that much more, for a refusal; the listeners are told. */
  refusal(requested: Amounts): MaybePromise<Denied> {
    return afterwards(this.#store.balances(this.budget), (balances) => {
      const limit = largestShare(this.budget, balances, this.#now()).limit ?? 'costUsd';
      return this.#refused({ admitted: false, budget: this.budget, limit, balances, requested });
    });
  }

  /** Charges what a reserved call used. False where the reservation was settled or released before. */
  settle(id: string, used: Amounts): MaybePromise<boolean> {
    checkAmounts(used);
    const seen: SeenBalances = new Map();
    return afterwards(this.#reservations.settle(id, used, seen), (settled) => {
      // The balances are for events alone: what is settled is settled.
      const looked = seen.size < this.#chain.length ? this.#crossed.run() : this.#update(seen);
      return afterwards(looked, () => settled);
    });
  }

  /** Frees the reservation of a call that spent nothing. */
  release(id: string): MaybePromise<boolean> {
    return this.#reservations.release(id);
  }

  /**
   * Gives an open reservation another name and a lease of its own, milliseconds: its work goes on in the service. Nobody renews
   * that lease. False where the reservation is not open, the name is taken or the store is away.
   */
  transferReservation(id: string, to: string, leaseMs: number): MaybePromise<boolean> {
    return this.#reservations.transfer(id, to, leaseMs);
  }

  /**
   * Charges what work used whose reservation was handed over, in whichever process, to the name that it has since.
   * @param used nothing, to free it
   * @returns false where it was settled before, or its lease has ended
   */
  settleTransferred(name: string, used: Amounts): MaybePromise<boolean> {
    checkAmounts(used);
    return afterwards(this.#reservations.settleTransferred(name, used), (settled) =>
      afterwards(this.#crossed.run(), () => settled),
    );
  }

  /**
   * Charges usage that no reservation was made for: another instrumentation's, or the host's own.
   * @throws RangeError where an amount is not a whole number of zero or more
   */
  charge(used: Amounts): MaybePromise<void> {
    checkAmounts(used);
    return afterwards(this.#store.charge(this.#chain, used), () => this.#crossed.run());
  }

  /**
   * Charges what a call used that nothing instruments: an answer of Chat or Responses as it is, or a model and tokens by kind.
   * @throws RangeError where the usage is absent or cannot be believed
   */
  recordUsage(used: RecordedUsage): MaybePromise<void> {
    this.#prices ??= new PriceBook();
    const event = recordedCall(this.budget.name, used, this.#prices);
    return afterwards(this.charge(event.charged), () => this.emit(event));
  }

  /**
   * Charges in full what reservations hold that processes with that owner took and did not live to settle.
   * @param owner as in the options of their trackers; those processes have to be known to be dead
   */
  chargeAbandoned(owner: string): MaybePromise<readonly Abandoned[]> {
    return afterwards(this.#store.chargeAbandoned(owner), (abandoned) =>
      afterwards(this.#crossed.run(), () => abandoned),
    );
  }

  /** The budget as it stands. */
  status(): MaybePromise<BudgetStatus> {
    return this.#statusAt(0, this.budget);
  }

  /** All budgets of the chain as they stand, nearest first. */
  statuses(): MaybePromise<readonly BudgetStatus[]> {
    const all = this.#chain.map((budget, index) => this.#statusAt(index, budget));
    return all.some(isPromise) ? Promise.all(all) : (all as BudgetStatus[]);
  }

  /**
   * A checkpoint, as `JSON.stringify` takes it: version, checksum, the budget, and its balances as they were last seen. Ask for the
   * `status()` before, where the store is shared.
   */
  toJSON(): TrackerJson {
    const watches = this.#watches.map(({ state }) => state);
    return wrapSnapshot({ budget: this.budget, balances: this.#lastSeen(), watches });
  }

  /** Tells the listeners of something that happened to a call of this budget. */
  emit(event: BudgetEvent): void {
    const scope = this.#partOf?.scope;
    const told = scope === undefined || event.scope !== undefined ? event : { ...event, scope };
    if (event.type === 'exhausted' && this.names.includes(event.budget)) this.#exhaustion.fire();
    this.#listeners.notify(told);
    if (this.#partOf === undefined) anyBudgetListeners.notify(told);
    else this.#partOf.tracker.emit(told);
  }

  #look(): MaybePromise<Balances> {
    return afterwards(this.#store.balances(this.budget), (balances) => this.#see(balances));
  }

  #see(balances: Balances): Balances {
    this.#seen = balances;
    return balances;
  }

  #lastSeen(): Balances {
    if (this.#atOnce) void ignoreRejection(this.#look());
    return this.#seen;
  }

  /** Charges what a checkpoint knows and the ledger does not. */
  #restore(known: Balances): MaybePromise<void> {
    return afterwards(this.#look(), (present) => {
      // What was spent in a window that is over is of no account in the next.
      if (this.budget.window !== undefined && present.startedAt > known.startedAt) return;
      this.#store.backdate?.(this.budget, known.startedAt);
      const missing = missingFrom(present, known);
      if (LIMIT_OF.every(([amount]) => missing[amount] === 0)) return ignoreRejection(this.#look());
      return this.charge(missing);
    });
  }

  #refused(by: Denied): Denied {
    const denied = this.#store.leaseless === true ? by : { ...by, raisable: true };
    this.emit({ type: 'denied', budget: denied.budget.name, denied });
    if (denied.balances.open === 0 && isTypicalCallSize(denied)) {
      const watch = this.#watches[this.#chain.indexOf(denied.budget)];
      for (const event of watch?.exhaust(denied.limit, denied.balances) ?? []) this.emit(event);
    }
    return denied;
  }

  /** Checks every budget of the chain for crossed thresholds; reads the balances that are not in `seen`. */
  #update(seen?: SeenBalances): MaybePromise<void> {
    const balances = this.#chain.map((budget) => seen?.get(budget.name) ?? this.#store.balances(budget));
    if (balances.some(isPromise)) return Promise.all(balances).then((all) => this.#reportCrossed(all));
    this.#reportCrossed(balances as Balances[]);
  }

  #reportCrossed(balances: readonly Balances[]): void {
    const [own] = balances;
    if (own !== undefined) this.#see(own);
    for (const [index, one] of balances.entries()) {
      for (const event of this.#watches[index]?.update(one, this.#now()) ?? []) this.emit(event);
    }
  }

  #statusAt(index: number, budget: BudgetDefinition): MaybePromise<BudgetStatus> {
    const balances = index === 0 ? this.#look() : this.#store.balances(budget);
    return afterwards(balances, (seen) =>
      statusOf(budget, seen, this.#now(), this.#watches[index]?.isExhausted(seen) === true),
    );
  }
}
