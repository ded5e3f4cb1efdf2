import { NOTHING, type Store } from '../../../budget/index.ts';
import type { MaybePromise } from '../../../util/index.ts';

/** Quotas that may or may not be reserved on the remote store: their reserve is in flight, or it failed. */
export class UnconfirmedQuotas {
  readonly #remote: Store;
  readonly #inFlight = new Set<string>();
  readonly #failed = new Set<string>();

  constructor(remote: Store) {
    this.#remote = remote;
  }

  /**
   * Returns the answer to the reserve of a quota, which is unconfirmed until then, and stays so if the
   * reserve fails.
   */
  async untilAnswered<T>(id: string, answer: MaybePromise<T>): Promise<T> {
    this.#inFlight.add(id);
    try {
      return await answer;
    } catch (error) {
      this.#failed.add(id);
      throw error;
    } finally {
      this.#inFlight.delete(id);
    }
  }

  /** Releases those whose reserve failed. Never rejects: what fails is tried again the next time. */
  async releaseFailed(): Promise<void> {
    for (const id of [...this.#failed]) {
      try {
        await this.#remote.settle(id, NOTHING);
        this.#failed.delete(id);
      } catch {
        return;
      }
    }
  }

  /** Starts to release all of them, without waiting. */
  startReleasingAll(): void {
    const release = async (id: string): Promise<void> => {
      await this.#remote.settle(id, NOTHING);
    };
    for (const id of [...this.#inFlight, ...this.#failed]) release(id).catch(() => undefined);
  }
}
