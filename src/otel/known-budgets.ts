import type { BudgetEvent, TokenBudgetTracker } from '../budget/index.ts';

/** Is told of the budgets that this process uses, and of what happens to them. */
export interface BudgetReporter {
  /** Called once for each budget. */
  budget(tracker: TokenBudgetTracker): void;
  event(tracker: TokenBudgetTracker, event: BudgetEvent): void;
}

/** The most events kept for the time before telemetry starts. */
const MAX_EARLY = 100;

/** The budgets in use. One that nobody holds any more, as of a job that is over, is let go. */
const known = new Set<WeakRef<TokenBudgetTracker>>();
const noted = new WeakSet<TokenBudgetTracker>();
let early: (readonly [WeakRef<TokenBudgetTracker>, BudgetEvent])[] = [];
let reporter: BudgetReporter | undefined;

/** Has a budget reported: its balances as metrics and what happens to it as events. */
export function noteBudget(tracker: TokenBudgetTracker): void {
  if (noted.has(tracker)) return;
  noted.add(tracker);
  const reference = new WeakRef(tracker);
  known.add(reference);
  reporter?.budget(tracker);
  tracker.on((event) => {
    if (reporter !== undefined) reporter.event(tracker, event);
    else if (early.length < MAX_EARLY) early.push([reference, event]);
  });
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

/** Tells a reporter of the budgets and events until now, a store that was away at the start for one, and of those to come. */
export function reportBudgets(to: BudgetReporter): void {
  reporter = to;
  for (const tracker of knownBudgets()) to.budget(tracker);
  const events = early;
  early = [];
  for (const [reference, event] of events) {
    const tracker = reference.deref();
    if (tracker !== undefined) to.event(tracker, event);
  }
}
