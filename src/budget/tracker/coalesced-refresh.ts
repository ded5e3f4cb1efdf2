import { ignoreRejection, isPromise, type MaybePromise } from '../../util/index.ts';

/**
 * A look at a store that serves all who ask for it meanwhile: while one is under way, those that come share the next, which sees
 * what each of them has done. Never fails; where the store answers at once, so does the look.
 */
export class CoalescedRefresh {
  readonly #look: () => MaybePromise<void>;
  #underWay: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(look: () => MaybePromise<void>) {
    this.#look = look;
  }

  run(): MaybePromise<void> {
    if (this.#underWay !== undefined) {
      this.#next ??= this.#underWay.then(() => {
        this.#next = undefined;
        return this.run();
      });
      return this.#next;
    }
    const look = ignoreRejection(this.#look());
    if (!isPromise(look)) return;
    this.#underWay = look.then(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }
}
