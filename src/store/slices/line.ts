import {
  type Admission,
  type Amounts,
  admit,
  type Balances,
  type BudgetDefinition,
  NOTHING,
  type ReserveRequest,
} from '../../budget/index.ts';
import { limitAmounts } from '../../budget/limits.ts';
import { eachAmount, fits } from './amounts.ts';
import type { LocalReservation, Slice } from './slice.ts';
import type { View } from './view.ts';

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
  readonly chain: readonly BudgetDefinition[];
  readonly slices = new Set<Slice>();
  /** What a call of late needed at most; the next slice is measured by it. */
  need: Amounts | undefined;
  /** The slice that is being taken. */
  refilling: Promise<void> | undefined;
  /** Until when no slice is asked for, because too little is left or the remote store failed, by the local clock. */
  pausedUntil = 0;
  touchedAt = 0;

  constructor(chain: readonly BudgetDefinition[]) {
    this.chain = chain;
  }

  /** The slices that admit calls. */
  usable({ now, remoteNow }: Moment): Slice[] {
    return [...this.slices].filter((slice) => slice.usable(now, remoteNow));
  }

  /**
   * Admits a call from a slice where the rules for the whole budgets give it all that it asks for, or, without a cap of its own, its
   * share, and a slice has that. Undefined: the remote store has to be asked.
   */
  admit(request: ReserveRequest, views: readonly View[], moment: Moment): LocalAdmission | undefined {
    if (this.slices.size === 0 || views.length < this.chain.length) return undefined;
    const accounts = views.map((view) => ({ budget: view.budget, balances: view.balances() }));
    const admission = admit(accounts, request, moment.remoteNow);
    if (!admission.admitted) return undefined;
    if (request.capped && admission.outputCap < request.outputCap) return undefined;
    return this.#take(admission, request, moment);
  }

  /**
   * Admits a call that the remote store cannot pay for from what a slice has left, with a lower cap where need be: to the rest
   * of the world that part is spent.
   */
  admitRest(request: ReserveRequest, moment: Moment): LocalAdmission | undefined {
    let best: Extract<Admission, { admitted: true }> | undefined;
    for (const slice of this.usable(moment)) {
      const accounts = this.chain
        .filter(({ mode }) => mode === 'strict')
        .map((budget) => ({ budget, balances: balancesLeaving(budget, slice.free) }));
      const admission = admit(accounts, request, 0);
      if (!admission.admitted || !fits(slice.free, admission.reserved)) continue;
      if (best === undefined || admission.outputCap > best.outputCap) best = admission;
    }
    return best === undefined ? undefined : this.#take(best, request, moment);
  }

  /** Whether calls such as the last one will soon find too little. */
  get short(): boolean {
    const { need } = this;
    if (need === undefined) return false;
    for (const slice of this.slices) {
      if (slice.state === 'active' && fits(slice.free, need) && fits(slice.free, halfOf(slice.held)))
        return false;
    }
    return true;
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

/** Balances with which just that much of a budget is left. Its minutes were looked at by the remote store. */
function balancesLeaving({ limits }: BudgetDefinition, left: Amounts): Balances {
  const all = limitAmounts(limits);
  const reserved = eachAmount((name) => (all[name] === Infinity ? 0 : Math.max(0, all[name] - left[name])));
  return { settled: NOTHING, reserved, open: 0, startedAt: Number.MAX_SAFE_INTEGER };
}

function halfOf(amounts: Amounts): Amounts {
  return eachAmount((name) => Math.floor(amounts[name] / 2));
}
