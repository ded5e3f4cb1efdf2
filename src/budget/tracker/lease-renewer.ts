import type { MaybePromise } from '../../util/index.ts';

/** Renews the leases of open reservations three times per lease, for as long as there are any. */
export class LeaseRenewer {
  readonly #renew: (ids: readonly string[]) => MaybePromise<void>;
  readonly #intervalMs: number;
  readonly #open = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  /** @param leaseMs how long a lease lasts, milliseconds */
  constructor(renew: (ids: readonly string[]) => MaybePromise<void>, leaseMs: number) {
    this.#renew = renew;
    this.#intervalMs = leaseMs / 3;
  }

  /** Renews the lease of a reservation from now on. */
  keep(id: string): void {
    this.#open.add(id);
    this.#timer ??= setInterval(() => this.#renewAll(), this.#intervalMs).unref();
  }

  /** Stops renewing the lease of a reservation. */
  drop(id: string): void {
    this.#open.delete(id);
  }

  #renewAll(): void {
    // Not when the last one is dropped: sequential calls would each create and clear a timer.
    if (this.#open.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    // If the store is unavailable now, the next renewal is in time: a lease lasts for three.
    void Promise.resolve()
      .then(() => this.#renew([...this.#open]))
      .catch(() => undefined);
  }
}
