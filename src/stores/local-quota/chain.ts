import {
  type Account,
  type Admission,
  type Amounts,
  admit,
  type Balances,
  type BudgetDefinition,
  type Denied,
  limitAmounts,
  NOTHING,
  type ReserveRequest,
  reachedLimit,
} from '../../budget/index.ts';
import { CallRate, eachAmount, fits } from './accounting/index.ts';
import type { LocalReservation, Slice } from './quota.ts';
import type { Seen } from './size.ts';

/** What a call was given here. */
export interface LocalAdmission {
  readonly admission: Extract<Admission, { admitted: true }>;
  readonly reservation: LocalReservation;
}

/** The moment, by the local clock and by the remote store's, milliseconds. */
export interface Moment {
  readonly now: number;
  readonly remoteNow: number;
}

/** One chain of budgets and its slices. */
export class Line {
  readonly key: string;
  readonly chain: readonly BudgetDefinition[];
  readonly slices = new Set<Slice>();
  /** What a call of late needed at most; the next slice is measured by it. */
  need: Amounts | undefined;
  readonly rate = new CallRate();
  /** The slice that is being taken. */
  refilling: Promise<void> | undefined;
  /** Until when no slice is asked for, because too little is left or the remote store failed, by the local clock. */
  pausedUntil = 0;
  /** When a call came last, by the local clock, milliseconds. */
  touchedAt = -Infinity;
  /** Whether the last call came soon after one before it: a slice for a call that comes alone would be given back unused. */
  repeated = false;

  constructor(key: string, chain: readonly BudgetDefinition[]) {
    this.key = key;
    this.chain = chain;
  }

  /** Counts a call. @param soonMs how soon after the last one it is a repeated one */
  call(now: number, soonMs: number): void {
    this.repeated = now - this.touchedAt <= soonMs;
    this.touchedAt = now;
    this.rate.count(now);
  }

  /** How many calls are open in its slices. */
  get open(): number {
    let open = 0;
    for (const slice of this.slices) open += slice.open;
    return open;
  }

  /** The slices that admit calls. */
  usable({ now, remoteNow }: Moment): Slice[] {
    return [...this.slices].filter((slice) => slice.usable(now, remoteNow));
  }

  /**
   * Admits a call from a slice where the rules for the whole budgets give it all that it asks for, or, without a cap of its own, its
   * share, and a slice has that. Undefined: the remote store has to be asked.
   */
  admit(request: ReserveRequest, seen: readonly Seen[], moment: Moment): LocalAdmission | undefined {
    if (this.slices.size === 0 || seen.length < this.chain.length) return undefined;
    const admission = admit(accountsOf(seen), request, moment.remoteNow);
    if (!admission.admitted) return undefined;
    // A slice says nothing of what others settled, which is all that holds a soft budget.
    if (seen.some(({ budget, view }) => budget.mode === 'soft' && view.freshAt === undefined))
      return undefined;
    if (request.capped && admission.outputCap < request.outputCap) return undefined;
    return this.#take(admission, request, moment);
  }

  /** Denies a call where a limit is reached by what is known here to be settled: that never becomes less. */
  reached(request: ReserveRequest, seen: readonly Seen[], { remoteNow }: Moment): Denied | undefined {
    const admission = admit(accountsOf(seen), request, remoteNow);
    if (admission.admitted) return undefined;
    const { budget, balances } = admission;
    return reachedLimit(budget, balances, remoteNow) === undefined ? undefined : admission;
  }

  /**
   * Admits a call that the remote store cannot pay for from what a slice has left, with a lower cap where need be: to the rest
   * of the world that part is spent.
   */
  admitRest(request: ReserveRequest, seen: readonly Seen[], moment: Moment): LocalAdmission | undefined {
    if (seen.length < this.chain.length) return undefined;
    let best: Extract<Admission, { admitted: true }> | undefined;
    for (const slice of this.usable(moment)) {
      const accounts = seen.map(({ budget, view }) => {
        const balances = view.balances();
        return {
          budget,
          balances: budget.mode === 'strict' ? leaving(budget, balances, slice.free) : balances,
        };
      });
      const admission = admit(accounts, request, moment.remoteNow);
      if (!admission.admitted || !fits(slice.free, admission.reserved)) continue;
      if (best === undefined || admission.outputCap > best.outputCap) best = admission;
    }
    return best === undefined ? undefined : this.#take(best, request, moment);
  }

  /** Whether a slice other than this one has much left for calls such as the last one. */
  hasSpare(except?: Slice): boolean {
    const { need } = this;
    if (need === undefined) return true;
    for (const slice of this.slices)
      if (slice !== except && slice.spare && fits(slice.free, need)) return true;
    return false;
  }

  #take(
    admission: Extract<Admission, { admitted: true }>,
    request: ReserveRequest,
    moment: Moment,
  ): LocalAdmission | undefined {
    for (const slice of this.usable(moment)) {
      const reservation = slice.take(admission.reserved, moment.now + request.leaseMs, moment.now);
      if (reservation !== undefined) return { admission, reservation };
    }
    return undefined;
  }
}

function accountsOf(seen: readonly Seen[]): Account[] {
  return seen.map(({ budget, view }) => ({ budget, balances: view.balances() }));
}

/** Balances with which just that much of a budget is left. */
function leaving({ limits }: BudgetDefinition, balances: Balances, left: Amounts): Balances {
  const all = limitAmounts(limits, balances.granted);
  const reserved = eachAmount((name) => (all[name] === Infinity ? 0 : Math.max(0, all[name] - left[name])));
  return { ...balances, settled: NOTHING, reserved };
}
