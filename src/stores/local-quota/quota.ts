import {
  type Amounts,
  addAmounts,
  type BudgetDefinition,
  NOTHING,
  subtractAmounts,
} from '../../budget/index.ts';
import { fitsWithin, mapAmounts, type QuotaTotals } from './accounting/index.ts';

/** A call that spends from a quota. */
export interface QuotaReservation {
  readonly quota: Quota;
  amounts: Amounts;
  /** When its holder's lease ends, by the local clock, milliseconds. */
  leaseEnd: number;
}

/**
 * A part of the budgets of a chain, reserved at once on the remote store and spent by calls of this process.
 *
 * `used + reserved <= held` for every amount, limited or not, whenever a call is admitted; and `held` is
 * reserved on the remote store. So what the calls spend is reserved there before they are sent, and if this
 * process dies, the whole quota is charged.
 */
export class Quota {
  readonly id: string;
  readonly chain: readonly BudgetDefinition[];
  /** The totals of each of its budgets. */
  readonly #totals: readonly QuotaTotals[];
  /** When the first of its windows ends, by the remote store's clock, milliseconds since the epoch. */
  readonly windowEnd: number;
  /** What the remote store holds reserved for it. */
  held: Amounts;
  /** What its calls were charged. */
  used = NOTHING;
  /** What its open calls reserve. */
  reserved = NOTHING;
  open = 0;
  /**
   * Until when it is certainly reserved, by the local clock, milliseconds. If it is not renewed in time, it is
   * charged in full: then it is paid for, and calls may spend what is left of it.
   */
  validUntil: number;
  /** When a call was last admitted or settled, by the local clock, milliseconds. */
  touchedAt: number;
  /**
   * `active`: admits calls; `draining`: waits for its open ones; `settling`: its settlement is in flight, or
   * failed and is tried again; `settled`: it is settled.
   */
  state: 'active' | 'draining' | 'settling' | 'settled' = 'active';
  /** Its settlement, while that is in flight. */
  settlement: Promise<void> | undefined;
  /** Whether a settlement failed, so that the remote store may have made it. */
  mayBeSettled = false;

  constructor(init: {
    id: string;
    chain: readonly BudgetDefinition[];
    totals: readonly QuotaTotals[];
    windowEnd: number;
    held: Amounts;
    validUntil: number;
    now: number;
  }) {
    this.id = init.id;
    this.chain = init.chain;
    this.#totals = init.totals;
    this.windowEnd = init.windowEnd;
    this.held = init.held;
    this.validUntil = init.validUntil;
    this.touchedAt = init.now;
    for (const totals of this.#totals) {
      totals.quotas += 1;
      totals.held = addAmounts(totals.held, init.held);
    }
  }

  /** What new calls may still reserve; below zero if a response billed more than was reserved. */
  get free(): Amounts {
    return subtractAmounts(subtractAmounts(this.held, this.used), this.reserved);
  }

  /** Whether it admits calls. Once it does not, it never does again. */
  isUsable(remoteNow: number): boolean {
    if (this.state !== 'active') return false;
    if (remoteNow < this.windowEnd) return true;
    this.state = 'draining';
    return false;
  }

  /** Whether at least half of it is free for new calls. */
  get isAmple(): boolean {
    const half = mapAmounts((name) => Math.floor(this.held[name] / 2));
    return this.state === 'active' && fitsWithin(this.free, half);
  }

  /** Reserves a part for a call; returns undefined if too little is free. */
  reserve(amounts: Amounts, leaseEnd: number, now: number): QuotaReservation | undefined {
    if (!fitsWithin(this.free, amounts)) return undefined;
    this.#change(NOTHING, amounts, 1);
    this.touchedAt = now;
    return { quota: this, amounts, leaseEnd };
  }

  /** Charges what a call used, and frees the rest of its part. */
  settle(reservation: QuotaReservation, used: Amounts, now: number): void {
    this.#change(used, subtractAmounts(NOTHING, reservation.amounts), -1);
    this.touchedAt = now;
  }

  /** Charges its open calls what they reserve. */
  chargeOpen(): void {
    this.#change(this.reserved, subtractAmounts(NOTHING, this.reserved), -this.open);
  }

  /** Reserves more for an open call, or less if negative. */
  adjustReserved(more: Amounts): void {
    this.#change(NOTHING, more, 0);
  }

  /** Adds what the remote store reserved on top of what the quota held. */
  grow(more: Amounts): void {
    this.held = addAmounts(this.held, more);
    for (const totals of this.#totals) totals.held = addAmounts(totals.held, more);
  }

  /** Stops admitting calls: it waits for its open ones. */
  drain(): void {
    if (this.state === 'active') this.state = 'draining';
  }

  /** Starts its settlement: it admits no more calls. */
  startSettling(): void {
    if (this.state !== 'settling') {
      for (const totals of this.#totals) {
        totals.quotas -= 1;
        totals.held = subtractAmounts(totals.held, this.held);
        totals.ended = addAmounts(totals.ended, this.used);
      }
    }
    this.state = 'settling';
  }

  #change(used: Amounts, reserved: Amounts, open: number): void {
    for (const sums of [this, ...this.#totals]) {
      sums.used = addAmounts(sums.used, used);
      sums.reserved = addAmounts(sums.reserved, reserved);
      sums.open += open;
    }
  }
}
