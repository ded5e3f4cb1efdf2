import type { MaybePromise } from '../../util/index.ts';

/**
 * How often waiters retry although nothing settled in this process, milliseconds: another may have settled.
 */
const RETRY_MS = 100;

interface Waiter<R> {
  readonly attempt: () => MaybePromise<R>;
  readonly resolve: (admission: R) => void;
  readonly reject: (error: unknown) => void;
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
  /** The last denial; undefined if it was not tried yet. */
  denial: R | undefined;
}

/**
 * Queues calls that wait for open reservations to settle before they are denied. Fair: they are tried in the
 * order in which they came, and a later one does not overtake, so that small calls do not starve a large one.
 */
export class WaitQueue<R extends { readonly admitted: boolean }> {
  readonly #waiters: Waiter<R>[] = [];
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #isServing = false;
  #isWoken = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether no call waits. */
  get empty(): boolean {
    return this.#waiters.length === 0;
  }

  /**
   * Waits until `attempt` is admitted; returns its last denial after `waitMs` milliseconds.
   * @throws the signal's reason once it is aborted
   */
  wait(
    attempt: () => MaybePromise<R>,
    denied: R | undefined,
    waitMs: number,
    signal?: AbortSignal,
  ): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({
        attempt,
        resolve,
        reject,
        deadline: this.#now() + waitMs,
        signal,
        denial: denied,
      });
      this.#schedule();
    });
  }

  /** Retries in order: something was settled or released. */
  wake(): void {
    if (this.empty) return;
    void this.#serve();
  }

  async #serve(): Promise<void> {
    if (this.#isServing) {
      this.#isWoken = true;
      return;
    }
    this.#isServing = true;
    do {
      this.#isWoken = false;
      await this.#serveInOrder();
    } while (this.#isWoken);
    this.#isServing = false;
    this.#schedule();
  }

  async #serveInOrder(): Promise<void> {
    for (let waiter = this.#waiters[0]; waiter !== undefined; waiter = this.#waiters[0]) {
      if (!(await this.#tryWaiter(waiter))) break;
      this.#waiters.shift();
    }
    // Those behind the first may have run out of time before it did.
    for (const waiter of this.#waiters.filter((one) => this.#hasExpired(one))) this.#expire(waiter);
  }

  /** Returns true if the waiter is done, one way or the other. */
  async #tryWaiter(waiter: Waiter<R>): Promise<boolean> {
    if (waiter.signal?.aborted === true) {
      waiter.reject(waiter.signal.reason);
      return true;
    }
    try {
      const admission = await waiter.attempt();
      waiter.denial = admission;
      if (!admission.admitted && !this.#hasExpired(waiter)) return false;
      waiter.resolve(admission);
    } catch (error) {
      waiter.reject(error);
    }
    return true;
  }

  #hasExpired(waiter: Waiter<R>): boolean {
    return this.#now() >= waiter.deadline || waiter.signal?.aborted === true;
  }

  #expire(waiter: Waiter<R>): void {
    this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
    if (waiter.signal?.aborted === true) waiter.reject(waiter.signal.reason);
    else if (waiter.denial !== undefined) waiter.resolve(waiter.denial);
    else void Promise.resolve().then(waiter.attempt).then(waiter.resolve, waiter.reject);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.empty) return;
    const soonestMs = Math.min(...this.#waiters.map(({ deadline }) => deadline - this.#now()));
    this.#timer = setTimeout(() => void this.#serve(), Math.max(1, Math.min(soonestMs, RETRY_MS)));
  }
}
