import { afterwards, type MaybePromise } from '../../util/index.ts';
import type { BudgetDefinition } from '../definition.ts';
import type { Amounts } from '../limits.ts';
import type { Admission, ReserveRequest, SeenBalances, Store } from '../store.ts';
import { LeaseKeeper } from './lease-renewer.ts';
import { WaitQueue } from './wait-queue.ts';

/** A reserve; the lease is the tracker's. */
export type Reserve = Omit<ReserveRequest, 'leaseMs'>;

export interface ReservationsOptions {
  readonly store: Store;
  readonly now: () => number;
  readonly waitMs: number;
  readonly leaseMs: number;
  /** What the ids begin with in the store. */
  readonly owner: string;
}

/** The reservations of a chain of budgets: asked for, waited for, kept alive, and ended. */
export class Reservations {
  readonly #options: ReservationsOptions;
  readonly #chain: readonly BudgetDefinition[];
  readonly #queue: WaitQueue;
  /** Undefined where reservations end with their process. */
  readonly #leases: LeaseKeeper | undefined;

  /** @param root those of the whole work, where these are of a part of it: they wait in one queue */
  constructor(chain: readonly BudgetDefinition[], options: ReservationsOptions, root?: Reservations) {
    const { store, leaseMs, now } = options;
    this.#options = options;
    this.#chain = chain;
    this.#queue = root === undefined ? new WaitQueue(now) : root.#queue;
    const renew = (ids: readonly string[]) => store.heartbeat(ids, leaseMs);
    const own = (): LeaseKeeper | undefined =>
      store.leaseless === true ? undefined : new LeaseKeeper(renew, leaseMs);
    this.#leases = root === undefined ? own() : root.#leases;
  }

  /**
   * @param closer a request with a closer count, asked for only where the first would be denied or clamped
   * @param signal ends the wait; its reason is thrown
   */
  reserve(request: Reserve, closer?: () => Reserve, signal?: AbortSignal): MaybePromise<Admission> {
    const { store, waitMs } = this.#options;
    let closest = request;
    const attempt = (): MaybePromise<Admission> => {
      const exact = closest !== request || closer === undefined;
      return afterwards(this.#reserveOnce(closest), (admission) => {
        if (exact || isAsAsked(admission, request)) return admission;
        const freed = admission.admitted ? store.release(this.#idOf(request.id)) : false;
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
      const answer = waits ? this.#queue.wait(attempt, admission, waitMs, signal) : admission;
      return afterwards(answer, (final) => {
        if (final.admitted) this.#leases?.keep(this.#idOf(request.id));
        return final;
      });
    });
  }

  grow(id: string, more: Amounts): MaybePromise<boolean> {
    return this.#options.store.grow(this.#chain, this.#idOf(id), more);
  }

  /** @param seen as of the store */
  settle(id: string, used: Amounts, seen?: SeenBalances): MaybePromise<boolean> {
    return this.#end(id, (key) => this.#options.store.settle(key, used, seen));
  }

  release(id: string): MaybePromise<boolean> {
    return this.#end(id, (key) => this.#options.store.release(key));
  }

  handOver(id: string, to: string, leaseMs: number): MaybePromise<boolean> {
    const key = this.#idOf(id);
    return afterwards(this.#options.store.handOver(key, to, leaseMs), (handed) => {
      if (handed) this.#leases?.drop(key);
      return handed;
    });
  }

  /** Ends a reservation that was handed over, in whichever process: its name is nobody's own. */
  settleHandedOver(name: string, used: Amounts): MaybePromise<boolean> {
    return afterwards(this.#options.store.settle(name, used), (ended) => {
      this.#queue.wake();
      return ended;
    });
  }

  #end(id: string, end: (key: string) => MaybePromise<boolean>): MaybePromise<boolean> {
    const key = this.#idOf(id);
    this.#leases?.drop(key);
    return afterwards(end(key), (ended) => {
      this.#queue.wake();
      return ended;
    });
  }

  #reserveOnce(request: Reserve): MaybePromise<Admission> {
    const { store, leaseMs } = this.#options;
    return store.reserve(this.#chain, { ...request, id: this.#idOf(request.id), leaseMs });
  }

  /** Only what is reserved now can be freed: a limit that is reached, or a time that is over, stays so. */
  #mayWait(admission: Admission): boolean {
    if (this.#options.waitMs === 0 || admission.admitted) return false;
    return admission.balances.open > 0 && admission.limit !== 'minutes';
  }

  #idOf(id: string): string {
    return this.#options.owner + id;
  }
}

/** Whether the answer is the one that was hoped for. */
function isAsAsked(admission: Admission, request: Reserve): boolean {
  return admission.admitted && admission.outputCap >= request.outputCap;
}
