import { NOTHING, type Store } from '../../../budget/index.ts';
import type { MaybePromise } from '../../../util/index.ts';

/** Slices of which nobody here knows whether they are reserved: their reserve is on its way, or it failed. */
export class UnsureSlices {
  readonly #remote: Store;
  readonly #asked = new Set<string>();
  readonly #failed = new Set<string>();

  constructor(remote: Store) {
    this.#remote = remote;
  }

  /** The answer to the reserve of a slice, which is unsure until it comes, and for good where it fails. */
  async until<T>(id: string, answer: MaybePromise<T>): Promise<T> {
    this.#asked.add(id);
    try {
      return await answer;
    } catch (error) {
      this.#failed.add(id);
      throw error;
    } finally {
      this.#asked.delete(id);
    }
  }

  /** Frees those whose reserve failed. Never rejects: what fails is tried the next time. */
  async free(): Promise<void> {
    for (const id of [...this.#failed]) {
      try {
        await this.#remote.settle(id, NOTHING);
        this.#failed.delete(id);
      } catch {
        return;
      }
    }
  }

  /** Begins to free all; nobody waits for it. */
  beginToFreeAll(): void {
    const begin = async (id: string): Promise<void> => {
      await this.#remote.settle(id, NOTHING);
    };
    for (const id of [...this.#asked, ...this.#failed]) begin(id).catch(() => undefined);
  }
}
