import { Listeners, processState } from '../../util/index.ts';
import type { BudgetEvent, BudgetListener } from '../events.ts';

/** The listeners of every budget of the process. */
export const anyBudgetListeners = processState('listeners', () => new Listeners<BudgetEvent>());

/**
 * Calls `listener` on every event of every budget of the process, for telemetry. An error that it throws is
 * ignored.
 * @returns a function that removes the listener
 * @example
 * const stop = onAnyBudgetEvent((event) => console.log(event.type, event.budget));
 */
export function onAnyBudgetEvent(listener: BudgetListener): () => void {
  return anyBudgetListeners.add(listener);
}
