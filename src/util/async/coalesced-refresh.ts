import { ignoreRejection, isPromise, type MaybePromise } from './maybe-promise.ts';

/**
 * Coalesces refreshes that are requested while one is under way: all of them share the next one, which sees
 * everything that happened before it starts. Rejections are ignored.
 */
export class CoalescedRefresh {
  readonly #refresh: () => MaybePromise<void>;
  #current: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(refresh: () => MaybePromise<void>) {
    this.#refresh = refresh;
  }

  run(): MaybePromise<void> {
    if (this.#current !== undefined) {
      this.#next ??= this.#current.then(() => {
        this.#next = undefined;
        return this.run();
      });
      return this.#next;
    }
    const refresh = ignoreRejection(this.#refresh());
    if (!isPromise(refresh)) return;
    this.#current = refresh.then(() => {
      this.#current = undefined;
    });
    return this.#current;
  }
}
