import { type BudgetEvent, onAnyBudgetEvent, type TokenBudgetTracker } from '../../budget/index.ts';

/** Reports the budgets of this process and their events. */
export interface BudgetReporter {
  /** Reports a budget; called once for each. */
  readonly onBudget: (tracker: TokenBudgetTracker) => void;
  readonly onEvent: (event: BudgetEvent) => void;
}

/** The most events buffered until telemetry starts. */
const MAX_EARLY_EVENTS = 100;

/** The budgets in use. One that is no longer referenced, such as that of a finished job, is dropped. */
const known = new Set<WeakRef<TokenBudgetTracker>>();
const noted = new WeakSet<TokenBudgetTracker>();
let early: BudgetEvent[] = [];
let reporter: BudgetReporter | undefined;

const stopBuffering = onAnyBudgetEvent((event) => {
  if (early.length < MAX_EARLY_EVENTS) early.push(event);
});

/** Reports the balances of a budget as metrics from now on. */
export function registerForMetrics(tracker: TokenBudgetTracker): void {
  if (noted.has(tracker)) return;
  noted.add(tracker);
  known.add(new WeakRef(tracker));
  reporter?.onBudget(tracker);
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

/**
 * Reports the budgets and events so far, such as a store that was unavailable at the start, and all that come, to
 * a reporter. Called once.
 */
export function reportBudgets(to: BudgetReporter): void {
  reporter = to;
  for (const tracker of knownBudgets()) to.onBudget(tracker);
  stopBuffering();
  for (const event of early) to.onEvent(event);
  early = [];
  onAnyBudgetEvent(to.onEvent);
}
