import type { MaybePromise } from '../../util/index.ts';

/** How often a waiter looks again although nothing here has settled, milliseconds: another process may have. */
const LOOK_AGAIN_MS = 100;

interface Waiter<R> {
  readonly attempt: () => MaybePromise<R>;
  readonly resolve: (admission: R) => void;
  readonly reject: (error: unknown) => void;
  readonly until: number;
  readonly signal: AbortSignal | undefined;
  /** The last denial; undefined where it was not tried yet. */
  last: R | undefined;
}

/**
 * Calls that wait for open reservations to settle before they are denied. Fair: they are tried in the order in which they
 * came, and one that comes later does not overtake, so that a large call is not starved by small ones.
 */
export class WaitQueue<R extends { readonly admitted: boolean }> {
  readonly #waiters: Waiter<R>[] = [];
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #busy = false;
  #again = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  get empty(): boolean {
    return this.#waiters.length === 0;
  }

  /**
   * Waits until `attempt` is admitted, or gives its last denial once `waitMs` are over.
   * @throws the signal's reason once it is aborted
   */
  wait(
    attempt: () => MaybePromise<R>,
    denied: R | undefined,
    waitMs: number,
    signal?: AbortSignal,
  ): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ attempt, resolve, reject, until: this.#now() + waitMs, signal, last: denied });
      this.#schedule();
    });
  }

  /** Something was settled or released: the first in the queue may go on. */
  wake(): void {
    if (this.empty) return;
    void this.#serve();
  }

  async #serve(): Promise<void> {
    if (this.#busy) {
      this.#again = true;
      return;
    }
    this.#busy = true;
    do {
      this.#again = false;
      await this.#serveInOrder();
    } while (this.#again);
    this.#busy = false;
    this.#schedule();
  }

  async #serveInOrder(): Promise<void> {
    for (let waiter = this.#waiters[0]; waiter !== undefined; waiter = this.#waiters[0]) {
      if (!(await this.#tryOne(waiter))) break;
      this.#waiters.shift();
    }
    // Those behind the first may have run out of time before it did.
    for (const waiter of this.#waiters.filter((one) => this.#isOver(one))) this.#leave(waiter);
  }

  /** True where the waiter is done, one way or the other. */
  async #tryOne(waiter: Waiter<R>): Promise<boolean> {
    if (waiter.signal?.aborted === true) {
      waiter.reject(waiter.signal.reason);
      return true;
    }
    try {
      const admission = await waiter.attempt();
      waiter.last = admission;
      if (!admission.admitted && !this.#isOver(waiter)) return false;
      waiter.resolve(admission);
    } catch (error) {
      waiter.reject(error);
    }
    return true;
  }

  #isOver(waiter: Waiter<R>): boolean {
    return this.#now() >= waiter.until || waiter.signal?.aborted === true;
  }

  #leave(waiter: Waiter<R>): void {
    this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
    if (waiter.signal?.aborted === true) waiter.reject(waiter.signal.reason);
    else if (waiter.last !== undefined) waiter.resolve(waiter.last);
    else void Promise.resolve().then(waiter.attempt).then(waiter.resolve, waiter.reject);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.empty) return;
    const first = Math.min(...this.#waiters.map(({ until }) => until - this.#now()));
    this.#timer = setTimeout(() => void this.#serve(), Math.max(1, Math.min(first, LOOK_AGAIN_MS)));
  }
}
