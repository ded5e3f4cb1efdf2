import type { BudgetDefinition } from '../../../budget/index.ts';

interface Count {
  underWay: number;
  /** How many began or ended. */
  seen: number;
}

/**
 * The changes of remote balances that this process makes, budget by budget: balances that were told while one was on its way may be
 * those before it or after it.
 */
export class Changes {
  readonly #counts = new Map<string, Count>();
  /** Changes of which it is not known what they change. */
  readonly #anywhere: Count = { underWay: 0, seen: 0 };

  /**
   * Begins a change.
   * @param chain the budgets that it changes; undefined where they are not known
   * @returns ends it
   */
  begin(chain: readonly BudgetDefinition[] | undefined): () => void {
    const counts = chain?.map(({ name }) => this.#countOf(name)) ?? [this.#anywhere];
    for (const count of counts) turn(count, 1);
    return () => {
      for (const count of counts) turn(count, -1);
    };
  }

  /** Watches a budget from now on. @returns whether nothing was on its way to it, and nothing was sent since */
  watch({ name }: BudgetDefinition): () => boolean {
    const counts = [this.#anywhere, this.#countOf(name)];
    const quiet = counts.every(({ underWay }) => underWay === 0);
    const before = counts.map(({ seen }) => seen);
    return () => quiet && counts.every(({ seen }, at) => seen === before[at]);
  }

  /** Lets go of a budget that nothing is changed of any more. */
  forget(name: string): void {
    if (this.#counts.get(name)?.underWay === 0) this.#counts.delete(name);
  }

  #countOf(name: string): Count {
    let count = this.#counts.get(name);
    if (count === undefined) {
      count = { underWay: 0, seen: 0 };
      this.#counts.set(name, count);
    }
    return count;
  }
}

function turn(count: Count, by: 1 | -1): void {
  count.underWay += by;
  count.seen += 1;
}
