import type { Meter, ObservableResult } from '@opentelemetry/api';
import { type BudgetStatus, isPromise, type LimitName, type TokenBudgetTracker } from '../budget/index.ts';
import { nanoToUsd } from '../pricing/index.ts';
import * as semconv from './semconv.ts';

const LIMITS: readonly LimitName[] = ['costUsd', 'tokens', 'calls', 'minutes'];

/** Gauges of a budget: limit, settled, reserved and left, a series for each limit that is set, in its unit. */
export function observeBudget(meter: Meter, tracker: TokenBudgetTracker): void {
  gauge(meter, tracker, semconv.METRIC_LIMIT, 'The most that the budget may spend.', limitOf);
  gauge(meter, tracker, semconv.METRIC_SETTLED, 'What was charged to the budget.', settledOf);
  gauge(meter, tracker, semconv.METRIC_RESERVED, 'What open calls hold of the budget.', reservedOf);
  gauge(meter, tracker, semconv.METRIC_LEFT, 'What is left of the budget.', leftOf);
}

type Read = (status: BudgetStatus, limit: LimitName) => number | undefined;

function gauge(
  meter: Meter,
  tracker: TokenBudgetTracker,
  name: string,
  description: string,
  read: Read,
): void {
  meter.createObservableGauge(name, { description }).addCallback((result: ObservableResult) => {
    const status = tracker.status();
    return isPromise(status)
      ? status.then((now) => observe(result, now, read))
      : observe(result, status, read);
  });
}

function observe(result: ObservableResult, status: BudgetStatus, read: Read): void {
  for (const limit of LIMITS) {
    if (status.limits[limit] === undefined) continue;
    const value = read(status, limit);
    if (value === undefined) continue;
    result.observe(value, { [semconv.ATTR_BUDGET_NAME]: status.budget, [semconv.ATTR_BUDGET_LIMIT]: limit });
  }
}

function limitOf(status: BudgetStatus, limit: LimitName): number | undefined {
  return status.limits[limit];
}

function leftOf(status: BudgetStatus, limit: LimitName): number | undefined {
  return status.left[limit];
}

function settledOf({ balances, limits, left }: BudgetStatus, limit: LimitName): number | undefined {
  if (limit === 'minutes') return Math.max(0, (limits.minutes ?? 0) - (left.minutes ?? 0));
  return amount(balances.settled, limit);
}

function reservedOf({ balances }: BudgetStatus, limit: LimitName): number | undefined {
  return limit === 'minutes' ? undefined : amount(balances.reserved, limit);
}

function amount(amounts: BudgetStatus['balances']['settled'], limit: LimitName): number {
  if (limit === 'tokens') return amounts.tokens;
  return limit === 'calls' ? amounts.calls : nanoToUsd(amounts.costNanoUsd);
}
