import { PriceBook } from '../../pricing/index.ts';
import {
  andThen,
  ignoreRejection,
  isPromise,
  keepAlive,
  Listeners,
  type MaybePromise,
} from '../../util/index.ts';
import {
  checkBudgetName,
  hasSameLimits,
  missingAmounts,
  readSnapshot,
  type TrackerJson,
  type TrackerSnapshot,
  wrapSnapshot,
} from '../checkpoint/index.ts';
import { ChainMonitor, largestShare, type RemainingAmounts, remainingOf } from '../consumption.ts';
import { type BudgetDefinition, chainOf, defineBudget, isStrict } from '../definition.ts';
import type { BudgetEvent, BudgetListener } from '../events.ts';
import { type Amounts, checkAmounts, LIMIT_OF, type Limits } from '../limits.ts';
import { type BudgetStatus, statusOf } from '../status/index.ts';
import type { Abandoned, Balances, Denied, SettledBalances } from '../store.ts';
import { ExhaustionSignal } from './exhaustion-signal.ts';
import { anyBudgetListeners } from './listeners.ts';
import { type RecordedUsage, recordedCall } from './recorded-usage.ts';
import { Reservations, type Reserve, type ReserveResult } from './reservations.ts';
import { LEASE_MS, type RestoreOptions, type TrackerOptions } from './tracker-options.ts';
import { isTypicalCallSize } from './typical-size.ts';

/** The tracker of a part of another tracker's work. */
export interface PartOf {
  readonly tracker: TokenBudgetTracker;
  readonly scope: string | undefined;
}

/**
 * Tracks one budget: reserves before a call, settles after it, and reports the budget's status and events.
 * With the memory store every method returns its result at once; with a shared store, a promise.
 *
 * @example
 * const budget = defineBudget({ name: 'nightly-report', limits: { costUsd: 5 } });
 * const tracker = new TokenBudgetTracker(budget, { store: new MemoryStore() });
 * tracker.on((event) => console.log(event.type));
 * await withBudget(tracker, () => client.responses.create({ model: 'gpt-5.2', input: 'Hello' }));
 * console.log(tracker.remaining.costUsd);
 */
export class TokenBudgetTracker {
  readonly budget: BudgetDefinition;
  /** Where its ledger is, and how long its calls wait. @internal */
  readonly options: TrackerOptions;
  readonly #isStrict: boolean;
  readonly #now: () => number;
  readonly #chain: readonly BudgetDefinition[];
  readonly #monitor: ChainMonitor;
  readonly #reservations: Reservations;
  readonly #listeners = new Listeners<BudgetEvent>();
  readonly #exhaustion: ExhaustionSignal;
  readonly #partOf: PartOf | undefined;
  #prices: PriceBook | undefined;

  /**
   * @param partOf used by {@link within} only
   * @throws RangeError if the chain of parents is too long or has a name twice
   */
  constructor(budget: BudgetDefinition, options: TrackerOptions, partOf?: PartOf) {
    const { store, now = Date.now, waitMs = 0, leaseMs = LEASE_MS, owner = '' } = options;
    this.budget = budget;
    this.options = options;
    this.#now = now;
    this.#partOf = partOf;
    this.#chain = chainOf(budget);
    this.#isStrict = isStrict(this.#chain);
    this.#exhaustion = new ExhaustionSignal(budget.name);
    const root = partOf?.tracker;
    const upper =
      root === undefined ? undefined : { reservations: root.#reservations, monitor: root.#monitor };
    const onDenied = (denied: Denied) => this.#reportDenied(denied);
    const terms = { store, now, waitMs, leaseMs, owner, onDenied };
    this.#reservations = new Reservations(this.#chain, terms, upper?.reservations);
    const emit = (event: BudgetEvent) => this.emit(event);
    this.#monitor = new ChainMonitor(this.#chain, { store, now, emit }, upper?.monitor);
  }

  /**
   * Restores a tracker from the checkpoint that {@link toJSON} returned. A ledger that outlives its processes
   * is the truth, and has what was spent after the checkpoint; one that forgets, or was lost, is charged with
   * the checkpoint's amounts.
   * @param given the checkpoint as an object or as text
   * @throws CheckpointError if it is damaged, foreign, of a later version, or of another budget
   * @example
   * const tracker = await TokenBudgetTracker.fromJSON(await readFile('checkpoint.json', 'utf8'), { store });
   */
  static fromJSON(given: unknown, options: RestoreOptions): MaybePromise<TokenBudgetTracker> {
    return restoreTracker(readSnapshot(given), options);
  }

  /** Restores a tracker as {@link fromJSON} does, from a parsed checkpoint. @internal */
  static fromSnapshot(snapshot: TrackerSnapshot, options: RestoreOptions): MaybePromise<TokenBudgetTracker> {
    const { budget = snapshot.budget } = options;
    checkBudgetName(snapshot, budget.name);
    const tracker = createTracker(budget, options);
    // Other limits have other thresholds.
    if (hasSameLimits(budget, snapshot.budget)) tracker.#monitor.restore(snapshot.thresholds);
    return andThen(tracker.#restore(snapshot.balances), () => tracker);
  }

  /** Whether any budget of the chain is `strict`, so that the worst case of a call has to be known. */
  get strict(): boolean {
    return this.#isStrict;
  }

  /** Whether calls of this budget are charged to another one as well, which is around them. @internal */
  isNestedIn(outer: TokenBudgetTracker): boolean {
    if (this.options.detached === true || this.budget.parent !== undefined) return false;
    const isPart = this.options.store === outer.options.store && outer.names.includes(this.budget.name);
    return !isPart;
  }

  /** The names of the chain, nearest first. */
  get names(): readonly string[] {
    return this.#chain.map(({ name }) => name);
  }

  /**
   * Calls `listener` on every event. An error that it throws is ignored.
   * @returns a function that removes the listener
   * @example
   * tracker.on((event) => {
   *   if (event.type === 'threshold') console.warn(`${event.threshold * 100} % of ${event.limit} is used`);
   * });
   */
  on(listener: BudgetListener): () => void {
    return this.#listeners.add(listener);
  }

  /**
   * Returns a tracker for a part of the work: the same budget, with events that carry the part's name and are
   * reported to the listeners of both.
   * @param limits gives the part a budget of its own with these limits, named `budget/scope`, below this one
   * @example
   * const research = tracker.within('research', { costUsd: 0.5 });
   * await withBudget(research, () => collectSources());
   */
  within(scope?: string, limits?: Limits): TokenBudgetTracker {
    const { name, mode, minOutputTokens } = this.budget;
    const budget =
      limits === undefined
        ? this.budget
        : defineBudget({ name: `${name}/${scope}`, limits, mode, minOutputTokens, parent: this.budget });
    return createTracker(budget, this.options, { tracker: this, scope });
  }

  /** The amounts left: in memory as of now, in a shared store as of the last charge or `status()`. */
  get remaining(): RemainingAmounts {
    return remainingOf(this.budget, this.#monitor.latest, this.#now());
  }

  /** The amounts left when the balances were last seen; unlike {@link remaining}, never asks the store. */
  get lastRemaining(): RemainingAmounts {
    return remainingOf(this.budget, this.#monitor.lastSeen, this.#now());
  }

  /** Whether the next call will be denied, by this budget or a parent, as far as balances were seen. */
  get isExhausted(): boolean {
    return this.#monitor.isExhausted;
  }

  /**
   * Aborted with a `BudgetExhaustedError` once the budget or a parent is exhausted.
   * @example
   * await runAgent({ signal: tracker.signal });
   */
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
    return keepAlive(this.#reservations.reserve(request, refine, signal));
  }

  /** Reserves more for an open reservation; false if the budget cannot pay for it. */
  grow(id: string, more: Amounts): MaybePromise<boolean> {
    return this.#reservations.grow(id, more);
  }

  /** Reports and returns the denial of amounts that the budget cannot pay for. */
  refusal(requested: Amounts): MaybePromise<Denied> {
    return andThen(this.options.store.balances(this.budget), (balances) => {
      const limit = largestShare(this.budget, balances, this.#now()).limit ?? 'costUsd';
      return this.#reportDenied({ admitted: false, budget: this.budget, limit, balances, requested });
    });
  }

  /**
   * Charges what a reserved call used and frees the rest of its reservation.
   * @returns false if the reservation was settled or released before
   */
  settle(id: string, used: Amounts): MaybePromise<boolean> {
    checkAmounts(used);
    const seen: SettledBalances = new Map();
    return this.#thenCheck(this.#reservations.settle(id, used, seen), seen);
  }

  /** Frees the reservation of a call that spent nothing. */
  release(id: string): MaybePromise<boolean> {
    return this.#reservations.release(id);
  }

  /**
   * Gives an open reservation another name and a lease of its own, milliseconds, which is not renewed: for a
   * deferred call, which may be settled by another process.
   * @returns false if the reservation is not open, the name is in use or the store is unavailable
   */
  transferReservation(id: string, to: string, leaseMs: number): MaybePromise<boolean> {
    return this.#reservations.transfer(id, to, leaseMs);
  }

  /**
   * Charges what a deferred call used to its transferred reservation, in whichever process.
   * @param used nothing, to free the reservation
   * @returns false if it was settled before, or its lease has ended
   */
  settleTransferred(name: string, used: Amounts): MaybePromise<boolean> {
    checkAmounts(used);
    return this.#thenCheck(this.#reservations.settleTransferred(name, used));
  }

  /**
   * Charges usage without a reservation: another instrumentation's, or the host's own.
   * @throws RangeError if an amount is not a whole number of zero or more
   * @example
   * await tracker.charge({ costNanoUsd: usdToNano(0.02), tokens: 1_500, calls: 1 });
   */
  charge(used: Amounts): MaybePromise<void> {
    return keepAlive(this.chargeInBackground(used));
  }

  /** Does the same for a caller that does not wait for it: it does not hold the exit of the process. @internal */
  chargeInBackground(used: Amounts): MaybePromise<void> {
    checkAmounts(used);
    return this.#thenCheck(this.options.store.charge(this.#chain, used));
  }

  /**
   * Charges the usage of a call that is not instrumented: a response of Chat or Responses as it is, or a
   * model and tokens by kind.
   * @throws RangeError if the usage is absent or not plausible
   * @example
   * await tracker.recordUsage(response);
   * await tracker.recordUsage({ model: 'gpt-5.2', usage: { input: 1_000, output: 200 } });
   */
  recordUsage(used: RecordedUsage): MaybePromise<void> {
    this.#prices ??= this.options.prices ?? new PriceBook();
    const event = recordedCall(this.budget.name, used, this.#prices);
    return andThen(this.charge(event.charged), () => this.emit(event));
  }

  /**
   * Charges in full the open reservations of dead processes.
   * @param owner as in the options of their trackers; the processes must be known to be dead
   */
  chargeAbandoned(owner: string): MaybePromise<readonly Abandoned[]> {
    return this.#thenCheck(this.options.store.chargeAbandoned(owner));
  }

  /**
   * Returns the current status of the budget.
   * @example
   * const { left, usedShare } = await tracker.status();
   */
  status(): MaybePromise<BudgetStatus> {
    return this.#statusAt(0, this.budget);
  }

  /** Returns the current status of every budget of the chain, nearest first. */
  statuses(): MaybePromise<readonly BudgetStatus[]> {
    const all = this.#chain.map((budget, index) => this.#statusAt(index, budget));
    return all.some(isPromise) ? Promise.all(all) : (all as BudgetStatus[]);
  }

  /**
   * Returns a checkpoint for `JSON.stringify`: version, checksum, the budget, and its balances as they were
   * last seen. With a shared store, call `status()` before.
   * @example
   * await tracker.status();
   * await writeFile('checkpoint.json', JSON.stringify(tracker));
   */
  toJSON(): TrackerJson {
    return wrapSnapshot(this.snapshot());
  }

  /** Returns the content of a checkpoint, to be part of a job's. @internal */
  snapshot(): TrackerSnapshot {
    return { budget: this.budget, balances: this.#monitor.latest, thresholds: this.#monitor.states };
  }

  /** Reports an event of a call of this budget to the listeners. */
  emit(event: BudgetEvent): void {
    const scope = this.#partOf?.scope;
    const scoped = scope === undefined || event.scope !== undefined ? event : { ...event, scope };
    if (event.type === 'exhausted' && this.names.includes(event.budget)) this.#exhaustion.abort();
    this.#listeners.notify(scoped);
    if (this.#partOf === undefined) anyBudgetListeners.notify(scoped);
    else this.#partOf.tracker.emit(scoped);
  }

  /** Checks for crossed thresholds once `charged` is done, and returns its result. */
  #thenCheck<T>(charged: MaybePromise<T>, seen?: SettledBalances): MaybePromise<T> {
    return andThen(charged, (result) => andThen(this.#monitor.check(seen), () => result));
  }

  /** Charges the amounts of a checkpoint that the ledger lacks. */
  #restore(known: Balances): MaybePromise<void> {
    return andThen(this.#monitor.read(), (present) => {
      // What was spent in a window that is over does not count in the next.
      if (this.budget.window !== undefined && present.startedAt > known.startedAt) return;
      this.options.store.backdate?.(this.budget, known.startedAt);
      const missing = missingAmounts(present, known);
      if (LIMIT_OF.every(([amount]) => missing[amount] === 0)) return ignoreRejection(this.#monitor.read());
      return this.charge(missing);
    });
  }

  #reportDenied(by: Denied): Denied {
    const denied = this.options.store.leaseless === true ? by : { ...by, raisable: true };
    this.emit({ type: 'denied', budget: denied.budget.name, denied });
    if (denied.balances.open === 0 && isTypicalCallSize(denied)) this.#monitor.reportExhausted(denied);
    return denied;
  }

  #statusAt(index: number, budget: BudgetDefinition): MaybePromise<BudgetStatus> {
    const balances = index === 0 ? this.#monitor.read() : this.options.store.balances(budget);
    return andThen(balances, (seen) =>
      statusOf(budget, seen, this.#now(), this.#monitor.wasExhausted(index, seen)),
    );
  }
}

// Outside of the class: a bundler renames a class that refers to itself by name.

function createTracker(
  budget: BudgetDefinition,
  options: TrackerOptions,
  partOf?: PartOf,
): TokenBudgetTracker {
  return new TokenBudgetTracker(budget, options, partOf);
}

function restoreTracker(
  snapshot: TrackerSnapshot,
  options: RestoreOptions,
): MaybePromise<TokenBudgetTracker> {
  return TokenBudgetTracker.fromSnapshot(snapshot, options);
}
