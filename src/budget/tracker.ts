import { nanoToUsd } from '../pricing/index.ts';
import { type BudgetDefinition, chainOf } from './definition.ts';
import type { BudgetEvent, BudgetListener } from './events.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import type { Admission, Balances, Denied, MaybePromise, ReserveRequest, Store } from './ledger.ts';
import {
  type Amounts,
  checkAmounts,
  LIMIT_OF,
  type LimitName,
  limitAmounts,
  limitMilliseconds,
  MS_PER_MINUTE,
  raisedLimits,
} from './limits.ts';
import { afterwards, isPromise, quietly } from './maybe-promise.ts';
import { WaitQueue } from './wait-queue.ts';
import { BudgetWatch, largestShare } from './watch.ts';

/** How long a reservation outlives its process, milliseconds. A living one is renewed three times in it. */
export const LEASE_MS = 60_000;

/** What is left of a budget; a limit that is not set is absent. */
export interface Left {
  readonly costUsd?: number;
  readonly tokens?: number;
  readonly calls?: number;
  readonly minutes?: number;
}

/** A reserve; the lease is the tracker's. */
export type Reserve = Omit<ReserveRequest, 'leaseMs'>;

/** A budget as it stands. Amounts of money are USD, for people; `balances` has the exact integers. */
export interface BudgetStatus {
  readonly budget: string;
  readonly mode: BudgetDefinition['mode'];
  /** With what was granted on top of them. */
  readonly limits: BudgetDefinition['limits'];
  /** Absent where the budget never begins anew. */
  readonly window?: NonNullable<BudgetDefinition['window']>;
  /** Limits less what is settled and reserved, never below zero. */
  readonly left: Left;
  /** The largest share of a limit that is settled: 1 is all of it; 0 without limits. */
  readonly usedShare: number;
  readonly exhausted: boolean;
  readonly balances: Balances;
}

/** Where a tracker's ledger is, and how long its calls wait and its reservations last. */
export interface TrackerOptions {
  readonly store: Store;
  /** The clock, milliseconds since the epoch. */
  readonly now?: () => number;
  /** How long a call may wait for open reservations to settle before it is denied, milliseconds; the default is 0. */
  readonly waitMs?: number;
  /** How long a reservation outlives its process, milliseconds. */
  readonly leaseMs?: number;
}

/**
 * What the host's code holds: one budget, its status and its events. Reserves before a call, settles after it.
 * With the memory store every answer is at hand at once; with a shared store it is a promise.
 */
export class TokenBudgetTracker {
  readonly budget: BudgetDefinition;
  readonly #store: Store;
  readonly #now: () => number;
  readonly #waitMs: number;
  readonly #leaseMs: number;
  readonly #chain: readonly BudgetDefinition[];
  readonly #watches: readonly BudgetWatch[];
  readonly #queue: WaitQueue;
  readonly #leases: LeaseKeeper;
  readonly #listeners = new Set<BudgetListener>();

  /** @throws RangeError where the chain of parents is too long or has a name twice */
  constructor(budget: BudgetDefinition, options: TrackerOptions) {
    this.budget = budget;
    this.#store = options.store;
    this.#now = options.now ?? Date.now;
    this.#waitMs = options.waitMs ?? 0;
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
    this.#chain = chainOf(budget);
    this.#watches = this.#chain.map((one) => new BudgetWatch(one));
    this.#queue = new WaitQueue(this.#now);
    this.#leases = new LeaseKeeper((ids) => this.#store.heartbeat(ids, this.#leaseMs), this.#leaseMs);
    // Time runs from here, not from the first call. A store that is away is told of by the first call.
    void quietly(this.#store.balances(budget));
  }

  /** The names of the chain, nearest first. */
  get names(): readonly string[] {
    return this.#chain.map(({ name }) => name);
  }

  /** Whether any budget of the chain is held strictly, so that the worst case of a call has to be known. */
  get strict(): boolean {
    return this.#chain.some(({ mode }) => mode === 'strict');
  }

  /** Calls `listener` on every event until the function returned is called. What it throws is ignored. */
  on(listener: BudgetListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Reserves the worst case of a call, or says why not, after waiting where that is set.
   * @param closer a request with a closer count, asked for only where the first would be denied or clamped
   * @param signal ends the wait; its reason is thrown
   */
  reserve(request: Reserve, closer?: () => Reserve, signal?: AbortSignal): MaybePromise<Admission> {
    let closest = request;
    const attempt = (): MaybePromise<Admission> => {
      const exact = closest !== request || closer === undefined;
      return afterwards(this.#reserveOnce(closest), (admission) => {
        if (exact || isAsAsked(admission, request)) return admission;
        const freed = admission.admitted ? this.#store.release(request.id) : false;
        return afterwards(freed, () => {
          closest = closer();
          return this.#reserveOnce(closest);
        });
      });
    };
    // One that comes while others wait goes to the end of the queue untried.
    const first = this.#queue.empty ? attempt() : undefined;
    return afterwards(first, (admission) => {
      const waits = admission === undefined || this.#mayWait(admission);
      const answer = waits ? this.#queue.wait(attempt, admission, this.#waitMs, signal) : admission;
      return afterwards(answer, (final) => this.#answered(request.id, final));
    });
  }

  /** Reserves more for an open reservation; false where the budget cannot pay for that. */
  grow(id: string, more: Amounts): MaybePromise<boolean> {
    return this.#store.grow(this.#chain, id, more);
  }

  /** Why the budget cannot pay for that much more, for a refusal; the listeners are told. */
  refusal(requested: Amounts): MaybePromise<Denied> {
    return afterwards(this.#store.balances(this.budget), (balances) => {
      const limit = largestShare(this.budget, balances, this.#now()).limit ?? 'costUsd';
      const denied: Denied = { admitted: false, budget: this.budget, limit, balances, requested };
      this.#refused(denied);
      return denied;
    });
  }

  /** Charges what a reserved call used. False where the reservation was settled or released before. */
  settle(id: string, used: Amounts): MaybePromise<boolean> {
    checkAmounts(used);
    this.#leases.drop(id);
    return afterwards(this.#store.settle(id, used), (settled) => {
      this.#queue.wake();
      // The balances are for events alone: what is settled is settled.
      return afterwards(quietly(this.#update()), () => settled);
    });
  }

  /** Frees the reservation of a call that spent nothing. */
  release(id: string): MaybePromise<boolean> {
    this.#leases.drop(id);
    return afterwards(this.#store.release(id), (released) => {
      this.#queue.wake();
      return released;
    });
  }

  /**
   * Gives an open reservation another name and a lease of its own, milliseconds: its work goes on in the service. Nobody renews
   * that lease. False where the reservation is not open, the name is taken or the store is away.
   */
  handOver(id: string, to: string, leaseMs: number): MaybePromise<boolean> {
    return afterwards(this.#store.handOver(id, to, leaseMs), (handed) => {
      if (handed) this.#leases.drop(id);
      return handed;
    });
  }

  /**
   * Charges usage that no reservation was made for: another instrumentation's, or the host's own.
   * @throws RangeError where an amount is not a whole number of zero or more
   */
  charge(used: Amounts): MaybePromise<void> {
    checkAmounts(used);
    return afterwards(this.#store.charge(this.#chain, used), () => quietly(this.#update()));
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

  #reserveOnce(request: Reserve): MaybePromise<Admission> {
    return this.#store.reserve(this.#chain, { ...request, leaseMs: this.#leaseMs });
  }

  /** Only what is reserved now can be freed: a limit that is reached, or a time that is over, stays so. */
  #mayWait(admission: Admission): boolean {
    if (this.#waitMs === 0 || admission.admitted) return false;
    return admission.balances.open > 0 && admission.limit !== 'minutes';
  }

  #answered(id: string, admission: Admission): Admission {
    if (admission.admitted) this.#leases.keep(id);
    else this.#refused(admission);
    return admission;
  }

  #refused(denied: Denied): void {
    this.emit({ type: 'denied', budget: denied.budget.name, denied });
    if (denied.balances.open > 0 || !isUsual(denied)) return;
    const watch = this.#watches[this.#chain.indexOf(denied.budget)];
    for (const event of watch?.exhaust(denied.limit, denied.balances) ?? []) this.emit(event);
  }

  /** Looks at each budget of the chain for thresholds that were crossed. */
  #update(index = 0): MaybePromise<void> {
    const budget = this.#chain[index];
    const watch = this.#watches[index];
    if (budget === undefined || watch === undefined) return;
    return afterwards(this.#store.balances(budget), (balances) => {
      for (const event of watch.update(balances, this.#now())) this.emit(event);
      return this.#update(index + 1);
    });
  }

  #statusAt(index: number, budget: BudgetDefinition): MaybePromise<BudgetStatus> {
    return afterwards(this.#store.balances(budget), (balances) => {
      const now = this.#now();
      const { share } = largestShare(budget, balances, now);
      return {
        budget: budget.name,
        mode: budget.mode,
        limits: raisedLimits(budget.limits, balances.granted),
        ...(budget.window === undefined ? {} : { window: budget.window }),
        left: leftOf(budget, balances, now),
        usedShare: Math.max(0, share),
        exhausted: share >= 1 || this.#watches[index]?.isExhausted(balances) === true,
        balances,
      };
    });
  }
}

/**
 * Whether the call that was denied is one like those before it, at most twice the average: then what is left no longer
 * pays for the calls that are made. One call that is too large says nothing of the budget.
 */
function isUsual({ budget, balances: { settled, granted }, limit, requested }: Denied): boolean {
  const amount = LIMIT_OF.find(([, name]) => name === limit)?.[0];
  if (amount === undefined || settled[amount] >= limitAmounts(budget.limits, granted)[amount]) return true;
  return settled.calls > 0 && requested[amount] * settled.calls <= settled[amount] * 2;
}

function isAsAsked(admission: Admission, request: Reserve): boolean {
  return admission.admitted && admission.outputCap >= request.outputCap;
}

export function leftOf(budget: BudgetDefinition, balances: Balances, now: number): Left {
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
