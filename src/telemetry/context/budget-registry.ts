import { type BudgetEvent, onAnyBudgetEvent, type TokenBudgetTracker } from '../../budget/index.ts';

/** Receives the budgets of this process and their events. */
export interface BudgetReporter {
  /** Called once for each budget. */
  readonly onBudget: (tracker: TokenBudgetTracker) => void;
  /** Called for each event, in order. */
  readonly onEvent: (event: BudgetEvent) => void;
}

/** Maximum number of events buffered until telemetry starts. */
const MAX_EARLY_EVENTS = 100;

/** Budgets in use. One that is no longer referenced, such as that of a finished job, is dropped. */
const budgets = new Set<WeakRef<TokenBudgetTracker>>();
const registered = new WeakSet<TokenBudgetTracker>();
let earlyEvents: BudgetEvent[] = [];
let reporter: BudgetReporter | undefined;

const stopBuffering = onAnyBudgetEvent((event) => {
  if (earlyEvents.length < MAX_EARLY_EVENTS) earlyEvents.push(event);
});

/** Registers a budget, so that its balances are reported as metrics. Repeated calls do nothing. */
export function registerForMetrics(tracker: TokenBudgetTracker): void {
  if (registered.has(tracker)) return;
  registered.add(tracker);
  budgets.add(new WeakRef(tracker));
  reporter?.onBudget(tracker);
}

/** Returns the budgets in use, oldest first. */
export function knownBudgets(): TokenBudgetTracker[] {
  const trackers: TokenBudgetTracker[] = [];
  for (const reference of budgets) {
    const tracker = reference.deref();
    if (tracker === undefined) budgets.delete(reference);
    else trackers.push(tracker);
  }
  return trackers;
}

/**
 * Sends all budgets and events to a reporter: those so far, such as a store that was unavailable at the
 * start, and all that follow. Call it once.
 */
export function reportBudgets(to: BudgetReporter): void {
  reporter = to;
  for (const tracker of knownBudgets()) to.onBudget(tracker);
  stopBuffering();
  for (const event of earlyEvents) to.onEvent(event);
  earlyEvents = [];
  onAnyBudgetEvent(to.onEvent);
}
