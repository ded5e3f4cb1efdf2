import {
  type Amounts,
  addAmounts,
  type BudgetDefinition,
  NOTHING,
  subtractAmounts,
} from '../../budget/index.ts';
import { eachAmount, fits, type Tally } from './accounting/index.ts';

/** A call that spends from a slice. */
export interface LocalReservation {
  readonly slice: Slice;
  amounts: Amounts;
  /** When its holder's lease ends, by the local clock, milliseconds. */
  leaseEnd: number;
}

/**
 * A part of the budgets of a chain, reserved at once on the remote store and spent here.
 *
 * `used + reserved <= held` for every amount, limited or not, whenever a call is admitted; and `held` is reserved on the remote store.
 * So what the calls spend is reserved there before they are sent, and where this process dies the whole slice is charged.
 */
export class Slice {
  readonly id: string;
  readonly chain: readonly BudgetDefinition[];
  /** The sums of its budgets that it is in. */
  readonly #tallies: readonly Tally[];
  /** When the first of its windows is over, by the remote store's clock, milliseconds since the epoch. */
  readonly windowEnd: number;
  /** What the remote store holds reserved for it. */
  held: Amounts;
  /** What its calls were charged. */
  used = NOTHING;
  /** What its open calls hold. */
  reserved = NOTHING;
  open = 0;
  /** Until when it is surely reserved, by the local clock, milliseconds. */
  validUntil: number;
  /** When a call was last admitted or settled, by the local clock, milliseconds. */
  touchedAt: number;
  /**
   * `active`: admits calls; `draining`: waits for its open ones; `ending`: its settlement is on its way; `ended`: it is
   * settled.
   */
  state: 'active' | 'draining' | 'ending' | 'ended' = 'active';
  /** Its settlement, while that is on its way. */
  settling: Promise<void> | undefined;
  /** Whether a settlement failed, so that it may have been made. */
  doubtful = false;

  constructor(given: {
    id: string;
    chain: readonly BudgetDefinition[];
    tallies: readonly Tally[];
    windowEnd: number;
    held: Amounts;
    validUntil: number;
    now: number;
  }) {
    this.id = given.id;
    this.chain = given.chain;
    this.#tallies = given.tallies;
    this.windowEnd = given.windowEnd;
    this.held = given.held;
    this.validUntil = given.validUntil;
    this.touchedAt = given.now;
    for (const tally of this.#tallies) {
      tally.slices += 1;
      tally.held = addAmounts(tally.held, given.held);
    }
  }

  /** What new calls may still take; below zero where an answer billed more than was reserved. */
  get free(): Amounts {
    return subtractAmounts(subtractAmounts(this.held, this.used), this.reserved);
  }

  /** Whether calls may be admitted from it. One that is not usable once never is again. */
  usable(now: number, remoteNow: number): boolean {
    if (this.state !== 'active') return false;
    if (now < this.validUntil && remoteNow < this.windowEnd) return true;
    this.state = 'draining';
    return false;
  }

  /** Whether half of it is still there for new calls. */
  get spare(): boolean {
    return (
      this.state === 'active' &&
      fits(
        this.free,
        eachAmount((name) => Math.floor(this.held[name] / 2)),
      )
    );
  }

  /** Takes a part for a call, where it is there. */
  take(amounts: Amounts, leaseEnd: number, now: number): LocalReservation | undefined {
    if (!fits(this.free, amounts)) return undefined;
    this.#change(NOTHING, amounts, 1);
    this.touchedAt = now;
    return { slice: this, amounts, leaseEnd };
  }

  /** Charges a call what it used, and frees the rest of its part. */
  settle(reservation: LocalReservation, used: Amounts, now: number): void {
    this.#change(used, subtractAmounts(NOTHING, reservation.amounts), -1);
    this.touchedAt = now;
  }

  /** Charges its open calls what they hold. */
  chargeOpen(): void {
    this.#change(this.reserved, subtractAmounts(NOTHING, this.reserved), -this.open);
  }

  /** Holds more for an open call, or less where it is below zero. */
  hold(more: Amounts): void {
    this.#change(NOTHING, more, 0);
  }

  /** Counts what the remote store reserved beside what it held. */
  grow(more: Amounts): void {
    this.held = addAmounts(this.held, more);
    for (const tally of this.#tallies) tally.held = addAmounts(tally.held, more);
  }

  /** Its settlement begins: nothing is spent from it any more. */
  beginToEnd(): void {
    if (this.state !== 'ending') {
      for (const tally of this.#tallies) {
        tally.slices -= 1;
        tally.held = subtractAmounts(tally.held, this.held);
        tally.ended = addAmounts(tally.ended, this.used);
      }
    }
    this.state = 'ending';
  }

  #change(used: Amounts, reserved: Amounts, open: number): void {
    for (const sums of [this, ...this.#tallies]) {
      sums.used = addAmounts(sums.used, used);
      sums.reserved = addAmounts(sums.reserved, reserved);
      sums.open += open;
    }
  }
}
