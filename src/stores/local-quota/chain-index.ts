import type { BudgetDefinition } from '../../budget/index.ts';
import { Line } from './chain.ts';

/** The chains in use, and by the name of a budget those that it is in: what is done for one budget does not go through all. */
export class Lines {
  readonly #byKey = new Map<string, Line>();
  readonly #byBudget = new Map<string, Set<Line>>();

  /** The line of a chain, a new one where there is none. */
  of(key: string, chain: readonly BudgetDefinition[]): Line {
    let line = this.#byKey.get(key);
    if (line === undefined) {
      line = new Line(key, chain);
      this.#byKey.set(key, line);
      for (const { name } of chain) {
        const lines = this.#byBudget.get(name);
        if (lines === undefined) this.#byBudget.set(name, new Set([line]));
        else lines.add(line);
      }
    }
    return line;
  }

  /** Those that a budget is in. */
  with({ name }: BudgetDefinition): Iterable<Line> {
    return this.#byBudget.get(name) ?? [];
  }

  all(): Iterable<Line> {
    return this.#byKey.values();
  }

  /** Lets go of a line; the names of the budgets that are in no line any more. */
  forget(line: Line): string[] {
    this.#byKey.delete(line.key);
    return line.chain.flatMap(({ name }) => {
      const lines = this.#byBudget.get(name);
      lines?.delete(line);
      if (lines?.size !== 0) return [];
      this.#byBudget.delete(name);
      return [name];
    });
  }
}
