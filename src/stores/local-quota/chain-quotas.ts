import {
  type Account,
  type Admitted,
  type Amounts,
  type Balances,
  type BudgetDefinition,
  type Denied,
  decideAdmission,
  limitAmounts,
  NOTHING,
  type ReserveRequest,
  reachedLimit,
} from '../../budget/index.ts';
import { CallRate, fitsWithin, type KnownBudget, type Moment, mapAmounts } from './accounting/index.ts';
import type { Quota, QuotaReservation } from './quota.ts';

/** A call that a quota admitted. */
export interface LocalAdmission {
  readonly admission: Admitted;
  readonly reservation: QuotaReservation;
}

/** One chain of budgets and its quotas. */
export class ChainQuotas {
  readonly key: string;
  readonly chain: readonly BudgetDefinition[];
  readonly quotas = new Set<Quota>();
  /** What a recent call needed at most, by which the next quota is sized. */
  need: Amounts | undefined;
  readonly rate = new CallRate();
  /** The quota that is being reserved. */
  refill: Promise<void> | undefined;
  /**
   * Until when no quota is reserved, since too little is left or the remote store failed, by the local clock.
   */
  pausedUntil = 0;
  /** When the last call came, by the local clock, milliseconds. */
  touchedAt = -Infinity;
  /**
   * Whether the last call came soon after the one before: a quota for a single call would be returned unused.
   */
  isInBurst = false;

  constructor(key: string, chain: readonly BudgetDefinition[]) {
    this.key = key;
    this.chain = chain;
  }

  /** Counts a call. @param burstWindowMs how soon after the one before it is part of a burst */
  countCall(now: number, burstWindowMs: number): void {
    this.isInBurst = now - this.touchedAt <= burstWindowMs;
    this.touchedAt = now;
    this.rate.count(now);
  }

  /** How many calls are open in its quotas. */
  get open(): number {
    let open = 0;
    for (const quota of this.quotas) open += quota.open;
    return open;
  }

  /** Returns the quotas that admit calls. */
  usable({ remoteNow }: Moment): Quota[] {
    return [...this.quotas].filter((quota) => quota.isUsable(remoteNow));
  }

  /**
   * Admits a call from a quota, if the rules for the whole budgets give it all that it asks for (or, without
   * a cap of its own, its share) and a quota has that. Returns undefined if the remote store has to be asked.
   */
  admit(
    request: ReserveRequest,
    budgets: readonly KnownBudget[],
    moment: Moment,
  ): LocalAdmission | undefined {
    if (this.quotas.size === 0 || budgets.length < this.chain.length) return undefined;
    const admission = decideAdmission(accountsOf(budgets), request, moment.remoteNow);
    if (!admission.admitted) return undefined;
    // A soft budget is limited by what everyone has settled, and a quota does not show what others have.
    if (budgets.some(({ budget, view }) => budget.mode === 'soft' && view.freshAt === undefined))
      return undefined;
    if (request.capped && admission.outputCap < request.outputCap) return undefined;
    return this.#reserve(admission, request, moment);
  }

  /** Denies a call if what is known to be settled has reached a limit: that never decreases. */
  denyReached(
    request: ReserveRequest,
    budgets: readonly KnownBudget[],
    { remoteNow }: Moment,
  ): Denied | undefined {
    const admission = decideAdmission(accountsOf(budgets), request, remoteNow);
    if (admission.admitted) return undefined;
    const { budget, balances } = admission;
    return reachedLimit(budget, balances, remoteNow) === undefined ? undefined : admission;
  }

  /**
   * Admits a call that the remote store cannot pay for from what a quota has left, with a lower cap if
   * necessary: for all other processes that part is spent.
   */
  admitFromRest(
    request: ReserveRequest,
    budgets: readonly KnownBudget[],
    moment: Moment,
  ): LocalAdmission | undefined {
    if (budgets.length < this.chain.length) return undefined;
    let best: Admitted | undefined;
    for (const quota of this.usable(moment)) {
      const accounts = budgets.map(({ budget, view }) => {
        const balances = view.balances();
        return {
          budget,
          balances: budget.mode === 'strict' ? balancesLeaving(quota.free, budget, balances) : balances,
        };
      });
      const admission = decideAdmission(accounts, request, moment.remoteNow);
      if (!admission.admitted || !fitsWithin(quota.free, admission.reserved)) continue;
      if (best === undefined || admission.outputCap > best.outputCap) best = admission;
    }
    return best === undefined ? undefined : this.#reserve(best, request, moment);
  }

  /** Whether a quota other than this one has much left for calls like the last one. */
  hasAmpleQuota(except?: Quota): boolean {
    const { need } = this;
    if (need === undefined) return true;
    for (const quota of this.quotas)
      if (quota !== except && quota.isAmple && fitsWithin(quota.free, need)) return true;
    return false;
  }

  #reserve(admission: Admitted, request: ReserveRequest, moment: Moment): LocalAdmission | undefined {
    for (const quota of this.usable(moment)) {
      const reservation = quota.reserve(admission.reserved, moment.now + request.leaseMs, moment.now);
      if (reservation !== undefined) return { admission, reservation };
    }
    return undefined;
  }
}

function accountsOf(budgets: readonly KnownBudget[]): Account[] {
  return budgets.map(({ budget, view }) => ({ budget, balances: view.balances() }));
}

/** Returns balances that leave exactly that much of a budget. */
function balancesLeaving(left: Amounts, { limits }: BudgetDefinition, balances: Balances): Balances {
  const all = limitAmounts(limits, balances.granted);
  const reserved = mapAmounts((name) => (all[name] === Infinity ? 0 : Math.max(0, all[name] - left[name])));
  return { ...balances, settled: NOTHING, reserved };
}
