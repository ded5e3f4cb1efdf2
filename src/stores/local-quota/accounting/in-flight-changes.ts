import type { BudgetDefinition } from '../../../budget/index.ts';

interface ChangeCount {
  inFlight: number;
  /** How many changes started or ended. */
  transitions: number;
}

/**
 * The changes to remote balances that this process makes, by budget. Balances that were read while one was in
 * flight may be those before it or after it.
 */
export class InFlightChanges {
  readonly #counts = new Map<string, ChangeCount>();
  /** Changes to budgets that are not known. */
  readonly #anyBudget: ChangeCount = { inFlight: 0, transitions: 0 };

  /**
   * Starts a change; the returned function ends it.
   * @param chain the budgets that it changes; undefined if they are not known
   */
  start(chain: readonly BudgetDefinition[] | undefined): () => void {
    const counts = chain?.map(({ name }) => this.#countOf(name)) ?? [this.#anyBudget];
    for (const count of counts) recordTransition(count, 1);
    return () => {
      for (const count of counts) recordTransition(count, -1);
    };
  }

  /** Observes a budget; the returned function says whether no change to it has been in flight since then. */
  observe({ name }: BudgetDefinition): () => boolean {
    const counts = [this.#anyBudget, this.#countOf(name)];
    const isQuiet = counts.every(({ inFlight }) => inFlight === 0);
    const before = counts.map(({ transitions }) => transitions);
    return () => isQuiet && counts.every(({ transitions }, index) => transitions === before[index]);
  }

  /** Forgets a budget, unless a change to it is in flight. */
  forget(name: string): void {
    if (this.#counts.get(name)?.inFlight === 0) this.#counts.delete(name);
  }

  #countOf(name: string): ChangeCount {
    let count = this.#counts.get(name);
    if (count === undefined) {
      count = { inFlight: 0, transitions: 0 };
      this.#counts.set(name, count);
    }
    return count;
  }
}

function recordTransition(count: ChangeCount, by: 1 | -1): void {
  count.inFlight += by;
  count.transitions += 1;
}
