import type { MaybePromise } from '../../util/index.ts';

/** Renews the leases of open reservations, a third of the lease apart, for as long as there are any. */
export class LeaseRenewer {
  readonly #renew: (ids: readonly string[]) => MaybePromise<void>;
  readonly #every: number;
  readonly #open = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  /** @param leaseMs how long a lease holds, milliseconds */
  constructor(renew: (ids: readonly string[]) => MaybePromise<void>, leaseMs: number) {
    this.#renew = renew;
    this.#every = leaseMs / 3;
  }

  keep(id: string): void {
    this.#open.add(id);
    this.#timer ??= setInterval(() => this.#beat(), this.#every).unref();
  }

  drop(id: string): void {
    this.#open.delete(id);
  }

  #beat(): void {
    // Not with the last that is dropped: calls one after another would each make and clear a timer.
    if (this.#open.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    // A store that is away for a beat is tried again at the next; a lease holds for three.
    void Promise.resolve()
      .then(() => this.#renew([...this.#open]))
      .catch(() => undefined);
  }
}
