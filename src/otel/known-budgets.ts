import type { TokenBudgetTracker } from '../budget/index.ts';

/** The budgets that this process uses, for reports. One that nobody holds any more, as of a job that is over, is let go. */
const known = new Set<WeakRef<TokenBudgetTracker>>();
const noted = new WeakSet<TokenBudgetTracker>();
const listeners: ((tracker: TokenBudgetTracker) => void)[] = [];

/** Has a budget reported: its balances as metrics and what happens to it as events. */
export function noteBudget(tracker: TokenBudgetTracker): void {
  if (noted.has(tracker)) return;
  noted.add(tracker);
  known.add(new WeakRef(tracker));
  for (const listener of listeners) listener(tracker);
}

/** The budgets in use, oldest first. */
export function knownBudgets(): TokenBudgetTracker[] {
  const trackers: TokenBudgetTracker[] = [];
  for (const reference of known) {
    const tracker = reference.deref();
    if (tracker === undefined) known.delete(reference);
    else trackers.push(tracker);
  }
  return trackers;
}

/** Calls `listener` once for each budget: those known by now, and those to come. */
export function onBudget(listener: (tracker: TokenBudgetTracker) => void): void {
  listeners.push(listener);
  for (const tracker of knownBudgets()) listener(tracker);
}
