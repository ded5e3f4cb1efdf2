import type { BudgetEvent, BudgetListener } from '../events.ts';

/** Who is told of what happens to a budget. What a listener throws is ignored: its fault is not the call's. */
export class Listeners {
  readonly #listeners = new Set<BudgetListener>();

  /** Calls `listener` on every event until the function returned is called. */
  add(listener: BudgetListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(event: BudgetEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch {
        // The others are told all the same.
      }
    }
  }
}

const ofAll = new Listeners();

/** Calls `listener` on every event of every budget of the process until the function returned is called: for telemetry. */
export function onAnyBudgetEvent(listener: BudgetListener): () => void {
  return ofAll.add(listener);
}

/** Tells those who listen to every budget. */
export function tellOfAny(event: BudgetEvent): void {
  ofAll.tell(event);
}
