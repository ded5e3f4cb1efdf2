import { type Abandoned, type Amounts, addAmounts, NOTHING, subtractAmounts } from '../../budget/index.ts';
import type { ChainQuotas } from './chain-quotas.ts';
import type { QuotaReservation } from './quota.ts';
import type { QuotaPool } from './quota-pool.ts';

/** A call that spends from a quota, with the chain of the quota. */
export type LocalReservation = QuotaReservation & { readonly chainQuotas: ChainQuotas };

/** The calls that are open in quotas, by the ids of their reservations. */
export class LocalReservations {
  readonly #pool: QuotaPool;
  readonly #open = new Map<string, LocalReservation>();

  constructor(pool: QuotaPool) {
    this.#pool = pool;
  }

  /** Returns an open reservation. */
  get(id: string): LocalReservation | undefined {
    return this.#open.get(id);
  }

  /** Adds a reservation. */
  add(id: string, reservation: QuotaReservation, chainQuotas: ChainQuotas): void {
    this.#open.set(id, Object.assign(reservation, { chainQuotas }));
  }

  /** Charges the quota what was used, and settles the quota if it is not needed any more. */
  settle(id: string, used: Amounts): void {
    const reservation = this.#open.get(id);
    if (reservation === undefined) return;
    this.#open.delete(id);
    const { quota, chainQuotas } = reservation;
    quota.settle(reservation, used, this.#pool.known.moment().now);
    if (quota.open > 0) return;
    // A nearly used up quota is not kept beside its successor.
    if (quota.state === 'draining' || (!quota.isAmple && chainQuotas.hasAmpleQuota(quota)))
      void this.#pool.settle(chainQuotas, quota);
  }

  /** Reserves more of the quota for a call. */
  grow(reservation: LocalReservation, more: Amounts): void {
    reservation.amounts = addAmounts(reservation.amounts, more);
    reservation.quota.adjustReserved(more);
  }

  /** Frees a part of what a call reserves. */
  shrink(reservation: LocalReservation, less: Amounts): void {
    this.grow(reservation, subtractAmounts(NOTHING, less));
  }

  /** Charges the reservations that `isOver` selects in full, and returns them. */
  chargeWhere(isOver: (id: string, reservation: LocalReservation) => boolean): Abandoned[] {
    const over = [...this.#open].filter(([id, reservation]) => isOver(id, reservation));
    for (const [id, { amounts }] of over) this.settle(id, amounts);
    return over.map(([id, { amounts }]) => ({ id, charged: amounts }));
  }

  /** Forgets all of them. */
  clear(): void {
    this.#open.clear();
  }
}
