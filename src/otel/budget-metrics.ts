import type { Attributes, Meter } from '@opentelemetry/api';
import {
  afterwards,
  type BudgetStatus,
  type LimitName,
  quietly,
  type TokenBudgetTracker,
} from '../budget/index.ts';
import { nanoToUsd } from '../pricing/index.ts';
import * as semconv from './semconv.ts';

const LIMITS: readonly LimitName[] = ['costUsd', 'tokens', 'calls', 'minutes'];

interface Series {
  readonly name: string;
  readonly description: string;
  readonly read: (status: BudgetStatus, limit: LimitName) => number | undefined;
}

/** A series for each limit that is set, in its unit: USD, tokens, calls or minutes. */
const SERIES: readonly Series[] = [
  { name: semconv.METRIC_LIMIT, description: 'The most that the budget may spend.', read: limitOf },
  { name: semconv.METRIC_SETTLED, description: 'What was charged to the budget.', read: settledOf },
  { name: semconv.METRIC_RESERVED, description: 'What open calls hold of the budget.', read: reservedOf },
  { name: semconv.METRIC_LEFT, description: 'What is left of the budget.', read: leftOf },
];

/** Gauges of a budget that are read whenever a provider of the host's collects. */
export function observeBudget(meter: Meter, tracker: TokenBudgetTracker): void {
  for (const series of SERIES) {
    const { name, description } = series;
    meter.createObservableGauge(name, { description }).addCallback((result) => {
      const observe = (status: BudgetStatus): void =>
        each(status, series, (...point) => result.observe(...point));
      return afterwards(tracker.status(), observe);
    });
  }
}

/** Gauges of a budget that are recorded when the function returned is called. */
export function recordBudget(meter: Meter, tracker: TokenBudgetTracker): () => void {
  const gauges = SERIES.map((series) => ({
    series,
    gauge: meter.createGauge(series.name, { description: series.description }),
  }));
  return () => {
    const record = (status: BudgetStatus): void => {
      for (const { series, gauge } of gauges) each(status, series, (...point) => gauge.record(...point));
    };
    void quietly(afterwards(tracker.status(), record));
  };
}

function each(
  status: BudgetStatus,
  { read }: Series,
  point: (value: number, attributes: Attributes) => void,
): void {
  for (const limit of LIMITS) {
    const value = status.limits[limit] === undefined ? undefined : read(status, limit);
    if (value === undefined) continue;
    point(value, { [semconv.ATTR_BUDGET_NAME]: status.budget, [semconv.ATTR_BUDGET_LIMIT]: limit });
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
