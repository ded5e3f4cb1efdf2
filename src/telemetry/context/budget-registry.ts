import { type BudgetEvent, onAnyBudgetEvent, type TokenBudgetTracker } from '../../budget/index.ts';
import { processState } from '../../util/index.ts';

/** Receives the budgets of this process and their events. */
export interface BudgetReporter {
  /** Called once for each budget. */
  readonly onBudget: (tracker: TokenBudgetTracker) => void;
  /** Called for each event, in order. */
  readonly onEvent: (event: BudgetEvent) => void;
}

/** Maximum number of events buffered until telemetry starts. */
const MAX_EARLY_EVENTS = 100;

/** Shared by all copies of this package. */
const shared = processState('budget-registry', () => {
  const early: BudgetEvent[] = [];
  return {
    /** Budgets in use. One that is no longer referenced, such as that of a finished job, is dropped. */
    budgets: new Set<WeakRef<TokenBudgetTracker>>(),
    registered: new WeakSet<TokenBudgetTracker>(),
    early,
    stopBuffering: onAnyBudgetEvent((event) => {
      if (early.length < MAX_EARLY_EVENTS) early.push(event);
    }),
    reporter: undefined as BudgetReporter | undefined,
  };
});

/** Registers a budget, so that its balances are reported as metrics. Repeated calls do nothing. */
export function registerForMetrics(tracker: TokenBudgetTracker): void {
  if (shared.registered.has(tracker)) return;
  shared.registered.add(tracker);
  shared.budgets.add(new WeakRef(tracker));
  shared.reporter?.onBudget(tracker);
}

/** Returns the budgets in use, oldest first. */
export function knownBudgets(): TokenBudgetTracker[] {
  const trackers: TokenBudgetTracker[] = [];
  for (const reference of shared.budgets) {
    const tracker = reference.deref();
    if (tracker === undefined) shared.budgets.delete(reference);
    else trackers.push(tracker);
  }
  return trackers;
}

/**
 * Sends all budgets and events to a reporter: those so far, such as a store that was unavailable at the
 * start, and all that follow. Call it once.
 */
export function reportBudgets(to: BudgetReporter): void {
  shared.reporter = to;
  for (const tracker of knownBudgets()) to.onBudget(tracker);
  shared.stopBuffering();
  for (const event of shared.early.splice(0)) to.onEvent(event);
  onAnyBudgetEvent(to.onEvent);
}
