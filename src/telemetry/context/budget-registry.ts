import { type BudgetEvent, onAnyBudgetEvent, type TokenBudgetTracker } from '../../budget/index.ts';

/** Is told of the budgets that this process uses, and of what happens to them. */
export interface BudgetReporter {
  /** Called once for each budget. */
  budget(tracker: TokenBudgetTracker): void;
  event(event: BudgetEvent): void;
}

/** The most events kept for the time before telemetry starts. */
const MAX_EARLY = 100;

/** The budgets in use. One that nobody holds any more, as of a job that is over, is let go. */
const known = new Set<WeakRef<TokenBudgetTracker>>();
const noted = new WeakSet<TokenBudgetTracker>();
let early: BudgetEvent[] = [];
let reporter: BudgetReporter | undefined;

onAnyBudgetEvent((event) => {
  if (reporter !== undefined) reporter.event(event);
  else if (early.length < MAX_EARLY) early.push(event);
});

/** Has the balances of a budget reported as metrics. */
export function registerForMetrics(tracker: TokenBudgetTracker): void {
  if (noted.has(tracker)) return;
  noted.add(tracker);
  known.add(new WeakRef(tracker));
  reporter?.budget(tracker);
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
  for (const event of events) to.event(event);
}
