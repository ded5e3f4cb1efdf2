import { andThen, type MaybePromise } from '../../util/index.ts';
import type { BudgetDefinition } from '../definition.ts';
import type { Amounts } from '../limits.ts';
import type { Admitted, Denied, ReserveRequest, SettledBalances, Store } from '../store.ts';
import { LeaseRenewer } from './lease-renewer.ts';
import { WaitQueue } from './wait-queue.ts';

/** A request to reserve a worst case; the tracker adds the lease. */
export type Reserve = Omit<ReserveRequest, 'leaseMs'>;

/** A reserved worst case, and the cap that the call has to be sent with. */
export interface Reserved extends Admitted {
  /** The worst case that is reserved: the refined one if the first did not fit. */
  readonly request: Reserve;
  /** The lowered output cap, tokens of one choice; undefined if the call keeps its own. */
  readonly clampedTo: number | undefined;
}

/** The result of a reserve. */
export type ReserveResult = Reserved | Denied;

/** Options of {@link Reservations}. */
export interface ReservationsOptions {
  readonly store: Store;
  readonly now: () => number;
  readonly waitMs: number;
  readonly leaseMs: number;
  /** The prefix of ids in the store. */
  readonly owner: string;
  /** Reports a denial; returns the one for the caller. */
  readonly onDenied: (denied: Denied) => Denied;
}

/**
 * Makes the reservations of a chain of budgets, after waiting if necessary, renews their leases and ends
 * them.
 */
export class Reservations {
  readonly #options: ReservationsOptions;
  readonly #chain: readonly BudgetDefinition[];
  readonly #queue: WaitQueue<ReserveResult>;
  /** Undefined if reservations end with their process. */
  readonly #leases: LeaseRenewer | undefined;

  /**
   * @param root the reservations of the whole work, if these are of a part of it: they share a queue and
   * leases
   */
  constructor(chain: readonly BudgetDefinition[], options: ReservationsOptions, root?: Reservations) {
    const { store, leaseMs, now } = options;
    this.#options = options;
    this.#chain = chain;
    this.#queue = root === undefined ? new WaitQueue<ReserveResult>(now) : root.#queue;
    const renew = (ids: readonly string[]) => store.heartbeat(ids, leaseMs);
    const ownLeases = (): LeaseRenewer | undefined =>
      store.leaseless === true ? undefined : new LeaseRenewer(renew, leaseMs);
    this.#leases = root === undefined ? ownLeases() : root.#leases;
  }

  /**
   * Reserves the worst case of a call, after waiting its turn if others already wait.
   * @param refine computes a tighter worst case; called once, only if the first would be denied or clamped
   * @param signal ends the wait; its reason is thrown
   */
  reserve(request: Reserve, refine?: () => Reserve, signal?: AbortSignal): MaybePromise<ReserveResult> {
    let current = request;
    let refineNext = refine;
    const attempt = (): MaybePromise<ReserveResult> =>
      andThen(this.#reserveOnce(current), (result) => {
        if (refineNext === undefined || (result.admitted && result.clampedTo === undefined)) return result;
        const released = result.admitted && this.#options.store.release(this.#idOf(current.id));
        return andThen(released, () => {
          current = refineNext?.() ?? current;
          refineNext = undefined;
          return this.#reserveOnce(current);
        });
      });
    const wait = (result?: ReserveResult): MaybePromise<ReserveResult> =>
      andThen(this.#queue.wait(attempt, result, this.#options.waitMs, signal), this.#conclude);
    if (!this.#queue.empty) return wait();
    return andThen(attempt(), (result) => (this.#mayWait(result) ? wait(result) : this.#conclude(result)));
  }

  /** Reserves more for an open reservation; false if the budget cannot pay for it. */
  grow(id: string, more: Amounts): MaybePromise<boolean> {
    return this.#options.store.grow(this.#chain, this.#idOf(id), more);
  }

  /**
   * Charges what was used and frees the rest of the reservation; false if it is not open.
   * @param seen as in {@link Store.settle}
   */
  settle(id: string, used: Amounts, seen?: SettledBalances): MaybePromise<boolean> {
    return this.#end(id, (key) => this.#options.store.settle(key, used, seen));
  }

  /** Frees a reservation; false if it is not open. */
  release(id: string): MaybePromise<boolean> {
    return this.#end(id, (key) => this.#options.store.release(key));
  }

  /** Gives an open reservation another name and a lease of its own, which is no longer renewed. */
  transfer(id: string, to: string, leaseMs: number): MaybePromise<boolean> {
    const key = this.#idOf(id);
    return andThen(this.#options.store.transfer(key, to, leaseMs), (transferred) => {
      if (transferred) this.#leases?.drop(key);
      return transferred;
    });
  }

  /** Settles a transferred reservation, of whichever process: its name has no owner prefix. */
  settleTransferred(name: string, used: Amounts): MaybePromise<boolean> {
    return andThen(this.#options.store.settle(name, used), (ended) => {
      if (!this.#queue.empty) this.#queue.wake();
      return ended;
    });
  }

  #end(id: string, end: (key: string) => MaybePromise<boolean>): MaybePromise<boolean> {
    const key = this.#idOf(id);
    this.#leases?.drop(key);
    return andThen(end(key), (ended) => {
      if (!this.#queue.empty) this.#queue.wake();
      return ended;
    });
  }

  #reserveOnce(request: Reserve): MaybePromise<ReserveResult> {
    const { store, leaseMs } = this.#options;
    const { outputCap } = request;
    const reserveRequest = { ...request, id: this.#idOf(request.id), leaseMs };
    return andThen(store.reserve(this.#chain, reserveRequest), (admission) =>
      admission.admitted
        ? {
            ...admission,
            request,
            clampedTo: admission.outputCap < outputCap ? admission.outputCap : undefined,
          }
        : admission,
    );
  }

  readonly #conclude = (result: ReserveResult): ReserveResult => {
    if (!result.admitted) return this.#options.onDenied(result);
    this.#leases?.keep(this.#idOf(result.request.id));
    return result;
  };

  /** Only reserved amounts can be freed: a limit that is reached, or a time that is over, stays so. */
  #mayWait(result: ReserveResult): boolean {
    if (this.#options.waitMs === 0 || result.admitted) return false;
    return result.balances.open > 0 && result.limit !== 'minutes';
  }

  #idOf(id: string): string {
    return this.#options.owner + id;
  }
}
