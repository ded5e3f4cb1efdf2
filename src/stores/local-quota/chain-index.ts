import type { BudgetDefinition } from '../../budget/index.ts';
import { ChainQuotas } from './chain-quotas.ts';

/** The chains in use, by their key and by the name of each of their budgets. */
export class ChainIndex {
  readonly #byKey = new Map<string, ChainQuotas>();
  readonly #byBudget = new Map<string, Set<ChainQuotas>>();

  /** Returns the quotas of a chain, adding the chain if it is new. */
  of(key: string, chain: readonly BudgetDefinition[]): ChainQuotas {
    let chainQuotas = this.#byKey.get(key);
    if (chainQuotas === undefined) {
      chainQuotas = new ChainQuotas(key, chain);
      this.#byKey.set(key, chainQuotas);
      for (const { name } of chain) {
        const chains = this.#byBudget.get(name);
        if (chains === undefined) this.#byBudget.set(name, new Set([chainQuotas]));
        else chains.add(chainQuotas);
      }
    }
    return chainQuotas;
  }

  /** Returns the chains that a budget is in. */
  with({ name }: BudgetDefinition): Iterable<ChainQuotas> {
    return this.#byBudget.get(name) ?? [];
  }

  /** Returns all chains. */
  all(): Iterable<ChainQuotas> {
    return this.#byKey.values();
  }

  /** Removes a chain; returns the names of the budgets that are in no chain any more. */
  remove(chainQuotas: ChainQuotas): string[] {
    this.#byKey.delete(chainQuotas.key);
    return chainQuotas.chain.flatMap(({ name }) => {
      const chains = this.#byBudget.get(name);
      chains?.delete(chainQuotas);
      if (chains?.size !== 0) return [];
      this.#byBudget.delete(name);
      return [name];
    });
  }
}
