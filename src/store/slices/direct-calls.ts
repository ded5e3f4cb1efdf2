import type { BudgetDefinition } from '../../budget/index.ts';

/** How many are remembered: of calls that nobody settles, no more are left behind. */
const REMEMBERED = 10_000;

/** The chains of the calls that are reserved on the remote store itself, by the names of their reservations. */
export class DirectCalls {
  readonly #chains = new Map<string, readonly BudgetDefinition[]>();

  open(id: string, chain: readonly BudgetDefinition[]): void {
    this.#chains.set(id, chain);
    if (this.#chains.size <= REMEMBERED) return;
    for (const oldest of this.#chains.keys()) {
      this.#chains.delete(oldest);
      return;
    }
  }

  /** The chain of a call that ends; undefined where it is not remembered. */
  end(id: string): readonly BudgetDefinition[] | undefined {
    const chain = this.#chains.get(id);
    this.#chains.delete(id);
    return chain;
  }
}
