import { andThen, type MaybePromise } from '../../util/index.ts';
import type { BudgetDefinition } from '../definition.ts';
import type { Amounts } from '../limits.ts';
import type { Admitted, Denied, ReserveRequest, SettledBalances, Store } from '../store.ts';
import { LeaseRenewer } from './lease-renewer.ts';
import { WaitQueue } from './wait-queue.ts';

/** A reserve; the lease is the tracker's. */
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

export interface ReservationsOptions {
  readonly store: Store;
  readonly now: () => number;
  readonly waitMs: number;
  readonly leaseMs: number;
  /** What the ids begin with in the store. */
  readonly owner: string;
  /** Reports a denial; returns it as the caller gets it. */
  readonly onDenied: (denied: Denied) => Denied;
}

/** The reservations of a chain of budgets: asked for, waited for, kept alive, and ended. */
export class Reservations {
  readonly #options: ReservationsOptions;
  readonly #chain: readonly BudgetDefinition[];
  readonly #queue: WaitQueue<ReserveResult>;
  /** Undefined where reservations end with their process. */
  readonly #leases: LeaseRenewer | undefined;

  /** @param root those of the whole work, where these are of a part of it: they wait in one queue */
  constructor(chain: readonly BudgetDefinition[], options: ReservationsOptions, root?: Reservations) {
    const { store, leaseMs, now } = options;
    this.#options = options;
    this.#chain = chain;
    this.#queue = root === undefined ? new WaitQueue<ReserveResult>(now) : root.#queue;
    const renew = (ids: readonly string[]) => store.heartbeat(ids, leaseMs);
    const own = (): LeaseRenewer | undefined =>
      store.leaseless === true ? undefined : new LeaseRenewer(renew, leaseMs);
    this.#leases = root === undefined ? own() : root.#leases;
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

  grow(id: string, more: Amounts): MaybePromise<boolean> {
    return this.#options.store.grow(this.#chain, this.#idOf(id), more);
  }

  /** @param seen as of the store */
  settle(id: string, used: Amounts, seen?: SettledBalances): MaybePromise<boolean> {
    return this.#end(id, (key) => this.#options.store.settle(key, used, seen));
  }

  release(id: string): MaybePromise<boolean> {
    return this.#end(id, (key) => this.#options.store.release(key));
  }

  transfer(id: string, to: string, leaseMs: number): MaybePromise<boolean> {
    const key = this.#idOf(id);
    return andThen(this.#options.store.transfer(key, to, leaseMs), (handed) => {
      if (handed) this.#leases?.drop(key);
      return handed;
    });
  }

  /** Ends a reservation that was handed over, in whichever process: its name is nobody's own. */
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

  /** Only what is reserved now can be freed: a limit that is reached, or a time that is over, stays so. */
  #mayWait(result: ReserveResult): boolean {
    if (this.#options.waitMs === 0 || result.admitted) return false;
    return result.balances.open > 0 && result.limit !== 'minutes';
  }

  #idOf(id: string): string {
    return this.#options.owner + id;
  }
}
